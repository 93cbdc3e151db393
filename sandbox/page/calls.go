package page

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"time"

	"usher/sandbox/page/web"
)

// callsMost is how many of the latest calls are listed.
const callsMost = 60

// apiCall is one call that Usher made, as the list shows it.
type apiCall struct {
	ID, Vendor, Name, Method, Path, Fault string
	Status                                int
	Changed                               bool
	At                                    time.Time
	Clock                                 string
}

// Mark is what became of the call, in a word.
func (c apiCall) Mark() string {
	switch {
	case c.Fault != "" && c.Status == 0:
		return "cut"
	case c.Status == 0:
		return "…"
	}
	return fmt.Sprint(c.Status)
}

// Bad tells a call that did not work.
func (c apiCall) Bad() bool { return c.Fault != "" || c.Status >= http.StatusBadRequest }

// calls is the list of the latest API calls to all vendors, newest first.
func (s *Server) calls(r *http.Request) (template.HTML, error) {
	st := s.now()
	v, err := web.ViewerOf(r, st.World.Company)
	if err != nil {
		return "", err
	}
	list, total := st.calls()
	for i := range list {
		list[i].Clock = list[i].At.In(v.Zone).Format("15:04:05")
	}
	return s.render("calls.html", struct {
		Calls []apiCall
		Total int
	}{list, total})
}

func (st *stage) calls() (list []apiCall, total int) {
	w := st.World
	for _, c := range w.Slack.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-slack-", c.Seq), Vendor: "Slack", Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Status: c.Status, Changed: c.Changed, At: c.At,
		})
	}
	for _, c := range w.Jira.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-jira-", c.Seq), Vendor: "Jira", Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Status: c.Status, Changed: c.Changed, At: c.At,
		})
	}
	for _, c := range w.Okta.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-okta-", c.Seq), Vendor: "Okta", Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Status: c.Status, Changed: c.Changed, At: c.At,
		})
	}
	slices.SortStableFunc(list, func(a, b apiCall) int { return b.At.Compare(a.At) })
	return list[:min(len(list), callsMost)], len(list)
}
