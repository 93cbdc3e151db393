package catalog

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (p *parser) readApps() []*App {
	var out []*App
	for _, at := range p.apps {
		out = append(out, p.readApp(at))
	}
	return out
}

func (p *parser) readApp(at place) *App {
	a := &App{}
	f, ok := at.fields("id", "name", "description", "category", "tags", "risk", "status", "owners", "okta_app", "entitlements")
	if !ok {
		return a
	}
	if at, ok := f.need("id", "add id: with a short lowercase word"); ok {
		if id, ok := at.id(); ok {
			a.ID = AppID(id)
			claim(p.appIDs, id, "app", at)
		}
	}
	if at, ok := f.need("name", "add name: as people know the app"); ok {
		if a.Name, ok = at.text(maxName); ok {
			claim(p.names, strings.ToLower(a.Name), "app name", at)
		}
	}
	read(f, "description", &a.Description, text(maxDescription))
	read(f, "category", &a.Category, text(maxName))
	if at, ok := f.get("tags"); ok {
		a.Tags = unique(at, maxList, text(maxName))
	}
	if at, ok := f.need("risk", "add risk: low, medium, high or critical"); ok {
		a.Risk, _ = at.risk()
	}
	if at, ok := f.need("status", "add status: approved, or unassigned until somebody sanctions the app"); ok {
		s, _ := at.choice(string(StatusApproved), string(StatusUnassigned), string(StatusRetired))
		a.Status = Status(s)
	}
	if at, ok := f.get("owners"); ok {
		a.Owners = unique(at, maxList, place.email)
	}
	if at, ok := f.get("okta_app"); ok {
		a.ProviderApp, _ = at.text(maxName)
		if a.ProviderApp != "" && !strings.HasPrefix(a.ProviderApp, "0oa") {
			at.problem("copy the id from the address of the app's page in Okta; it begins with 0oa", "%q is not the id of an Okta app", a.ProviderApp)
		}
	}
	p.checkApproved(f, a)
	if at, ok := f.get("entitlements"); ok {
		names := map[string]place{}
		for _, item := range at.items(maxEntitlements) {
			a.Entitlements = append(a.Entitlements, p.readEntitlement(item, a, names))
		}
	}
	return a
}

// checkApproved reports what only an approved app must have.
func (p *parser) checkApproved(f fields, a *App) {
	if a.Status != StatusApproved {
		return
	}
	if at, ok := f.get("owners"); !ok {
		f.problem("add owners: [somebody@example.com]", "an approved app needs an owner")
	} else if at.node.Kind == yaml.SequenceNode && len(at.node.Content) == 0 {
		at.problem("add an e-mail address", "an approved app needs an owner")
	}
	if at, ok := f.get("entitlements"); !ok {
		f.problem("add entitlements: with at least one", "an approved app needs an entitlement")
	} else if at.node.Kind == yaml.SequenceNode && len(at.node.Content) == 0 {
		at.problem("add one", "an approved app needs an entitlement")
	}
}

func (p place) risk() (Risk, bool) {
	s, ok := p.choice(string(RiskLow), string(RiskMedium), string(RiskHigh), string(RiskCritical))
	return Risk(s), ok
}

func (p *parser) readEntitlement(at place, a *App, names map[string]place) *Entitlement {
	e := &Entitlement{App: a, Risk: a.Risk, noticeLimit: p.settings.notice, Deadline: p.settings.deadline}
	f, ok := at.fields("id", "name", "description", "groups", "risk", "elevated", "standing", "durations", "default_duration",
		"policy", "visible", "because", "extension", "deadline", "second_lock")
	if !ok {
		return e
	}
	if at, ok := f.need("id", "add id: with a short lowercase word, unique over the catalog"); ok {
		if id, ok := at.id(); ok {
			e.ID = EntitlementID(id)
			claim(p.ids, id, "entitlement", at)
		}
	}
	if at, ok := f.need("name", "add name: as people know the role"); ok {
		if e.Name, ok = at.text(maxName); ok {
			claim(names, strings.ToLower(e.Name), "entitlement name", at)
		}
	}
	read(f, "description", &e.Description, text(maxDescription))
	read(f, "risk", &e.Risk, place.risk)
	read(f, "elevated", &e.Elevated, place.flag)
	read(f, "second_lock", &e.SecondLock, place.flag)
	read(f, "deadline", &e.Deadline, place.length)
	read(f, "because", &e.Because, text(maxDescription))
	if at, ok := f.get("visible"); ok {
		e.visible = readExpression(at, p.visibility, "requester, subject, app and entitlement")
	}
	p.readGroups(f, e)
	readStanding(f, e)
	readDurations(f, e)
	e.policy = p.readEntitlementPolicy(f, e)
	p.readExtension(f, e)
	return e
}

func (p *parser) readGroups(f fields, e *Entitlement) {
	at, ok := f.get("groups")
	if ok {
		e.Groups = unique(at, 20, readGroup)
		ok = at.node.Kind != yaml.SequenceNode || len(at.node.Content) > 0
	} else {
		at = f.place
	}
	if !ok && e.App.Status == StatusApproved {
		at.problem(`add groups: ["okta:00g…"], or set the app's status to unassigned`, "no group to grant; fulfillment by hand is not supported yet")
	}
}

func readStanding(f fields, e *Entitlement) {
	at, ok := f.get("standing")
	if !ok {
		return
	}
	s, ok := at.fields("allowed", "because")
	if !ok {
		return
	}
	if at, ok := s.need("allowed", "add allowed: true or false"); ok {
		e.Standing, _ = at.flag()
	}
	if at, ok := s.get("because"); ok {
		e.StandingBecause, _ = at.text(maxDescription)
	} else if e.Standing && e.Elevated {
		s.problem("add because: with the reason for the exception", "elevated access without an end needs a reason")
	}
}

func readDurations(f fields, e *Entitlement) {
	e.Durations = []Duration{Duration(time.Hour), Duration(6 * time.Hour), Duration(24 * time.Hour)}
	at, ok := f.get("durations")
	if ok {
		e.Durations = unique(at, maxDurations, func(p place) (Duration, bool) {
			d, ok := p.duration()
			if ok && d == Standing && !e.Standing {
				fix := "add standing: {allowed: true}, or remove it from the list"
				if e.Elevated {
					fix = `remove it, or name the exception with standing: {allowed: true, because: "…"}`
				}
				p.problem(fix, "access without an end is not allowed here")
				return d, false
			}
			return d, ok
		})
		if at.node.Kind == yaml.SequenceNode && len(at.node.Content) == 0 {
			at.problem("add a duration, or remove the line to offer 1h, 6h and 24h", "no duration to offer")
		}
		complete := at.node.Kind == yaml.SequenceNode && len(e.Durations) == len(at.node.Content)
		if !complete || len(e.Durations) == 0 {
			return // the default cannot be judged
		}
	} else if e.Standing {
		e.Durations = append(e.Durations, Standing)
	}
	slices.SortFunc(e.Durations, func(a, b Duration) int { // as unsigned, no end (0 - 1) is the largest
		return cmp.Compare(uint64(a)-1, uint64(b)-1)
	})
	e.Default = e.Durations[(len(e.Durations)-1)/2]
	if at, ok := f.get("default_duration"); ok {
		checkDefault(at, e)
	}
}

func checkDefault(at place, e *Entitlement) {
	d, ok := at.duration()
	if !ok {
		return
	}
	n := len(e.Durations)
	switch i := slices.Index(e.Durations, d); {
	case i < 0:
		at.problem("use one of the durations", "%s is not among the durations", d.Text())
	case n >= 3 && (i == 0 || i == n-1):
		at.problem("choose one in the middle: people take the default without a look, so the ends of the list make poor ones",
			"%s is the first or last of %d durations", d.Text(), n)
	default:
		e.Default = d
	}
}

func (p *parser) readEntitlementPolicy(f fields, e *Entitlement) *policy {
	if at, ok := f.get("policy"); ok {
		return p.policyRef(at, e, "policy of "+string(e.ID))
	}
	privileged := e.Elevated || e.Risk.Rank() >= RiskHigh.Rank()
	if privileged && len(p.settings.security) == 0 && e.App.Status == StatusApproved {
		f.problem("add policy:, or settings: security: [sec@example.com]",
			"elevated, high and critical entitlements need a policy, or security people in the settings")
	}
	return defaultPolicy(e.Risk, e.Elevated, p.settings.security)
}

func (p *parser) readExtension(f fields, e *Entitlement) {
	var top time.Duration // the longest with an end
	for _, d := range e.Durations {
		top = max(top, time.Duration(d))
	}
	e.extension = e.policy
	if top > 0 { // what never ends is never extended
		e.Extension.MaxCount = p.settings.maxExtensions
	}
	at, ok := f.get("extension")
	if ok {
		var x fields
		if x, ok = at.fields("max_count", "max_total", "policy"); !ok {
			return
		}
		read(x, "max_count", &e.Extension.MaxCount, place.extensions)
		if at, ok := x.get("policy"); ok {
			e.extension = p.policyRef(at, e, "extension policy of "+string(e.ID))
		}
		if at, ok := x.get("max_total"); ok {
			e.Extension.MaxTotal, ok = at.length()
			if ok && e.Extension.MaxTotal < top {
				at.problem("raise it, or offer shorter durations", "is shorter than the longest duration, %s", Duration(top).Text())
			}
			return
		}
	}
	e.Extension.MaxTotal = min(longest, top*time.Duration(1+e.Extension.MaxCount))
}
