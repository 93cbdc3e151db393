package entra

import (
	"net/http"
	"strings"
	"testing"

	"usher/idp"
)

const (
	crmApp  = "dddddddd-0000-4000-8000-000000000001"
	oneApp  = `{"value":[{"id":"` + crmApp + `","appId":"eeeeeeee-0000-4000-8000-000000000001","displayName":"CRM","servicePrincipalType":"Application"}]}`
	oneTeam = `{"value":[` + goodGroup + `]}`
)

// tenantWithAnApp is a vendor with the group ops, and an app that answers the question for its assignments so.
func tenantWithAnApp(t *testing.T, apps, assigned http.HandlerFunc) *vendor {
	t.Helper()
	return serve(t, map[string]http.HandlerFunc{
		"GET /v1.0/servicePrincipals":                                  apps,
		"GET /v1.0/servicePrincipals/" + crmApp + "/appRoleAssignedTo": assigned,
		"GET /v1.0/groups":                                             reply(200, oneTeam),
		"GET /v1.0/users":                                              reply(200, `{"value":[]}`),
		"GET /v1.0/groups/" + string(ops) + "/members/$count":          reply(200, "3"),
		"GET /v1.0/identityGovernance/privilegedAccess/group/assignmentScheduleInstances": reply(200, `{"value":[]}`),
	})
}

// TestWhatIsSaidOfAppsIsWhatGraphSaid proves that only a lack of rights makes a group look as if it opened no app.
func TestWhatIsSaidOfAppsIsWhatGraphSaid(t *testing.T) {
	t.Parallel()
	denied, gone := graphError(403, "Authorization_RequestDenied", "Insufficient privileges"), graphError(404, codeNotFound, "Resource does not exist")
	two := reply(200, `{"value":[{"principalId":"`+string(ops)+`","principalType":"Group","appRoleId":"1"},
		{"principalId":"`+string(ops)+`","principalType":"Group","appRoleId":"2"},{"principalId":"`+string(ada)+`","principalType":"User"}]}`)
	for name, c := range map[string]struct {
		apps, assigned http.HandlerFunc
		kind           idp.Kind // of the error of Discover
		shown          int      // apps of the group
		ok             bool     // of the doctor's finding
		detail         string
	}{
		"two roles of one app":            {reply(200, oneApp), two, "", 1, true, "can be read"},
		"nobody is assigned":              {reply(200, oneApp), reply(200, `{"value":[]}`), "", 0, true, "can be read"},
		"there is no app":                 {reply(200, `{"value":[]}`), gone, "", 0, true, "can be read"},
		"no right to list apps":           {denied, two, "", 0, true, "Not granted"},
		"no right to list assignments":    {reply(200, oneApp), denied, "", 0, true, "Not granted"},
		"the app went":                    {reply(200, oneApp), gone, "", 0, true, "can be read"},
		"graph refuses the question":      {graphError(400, codeBadRequest, "no"), two, idp.Invalid, 0, false, codeBadRequest},
		"graph refuses the second":        {reply(200, oneApp), graphError(400, codeBadRequest, "no"), idp.Invalid, 0, false, codeBadRequest},
		"an app without the id of an app": {reply(200, strings.Replace(oneApp, "eeeeeeee", "e", 1)), two, idp.Unavailable, 0, true, "can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := connect(t, tenantWithAnApp(t, c.apps, c.assigned).URL)
			shown := 0
			err := p.Discover(t.Context(), func(d idp.Discovered) error {
				shown += len(d.Apps)
				return nil
			})
			if idp.KindOf(err) != c.kind || shown != c.shown {
				t.Errorf("%d apps, %v; want %d, kind %q", shown, err, c.shown, c.kind)
			}
			for _, f := range p.Check(t.Context()) {
				if f.Subject == "reading apps" && (f.OK != c.ok || !strings.Contains(f.Detail, c.detail) || (f.Detail != "The apps that groups open can be read.") != (f.Fix != "")) {
					t.Errorf("the doctor says %+v", f)
				}
			}
		})
	}
}
