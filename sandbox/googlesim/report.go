package googlesim

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// retention is how long the reports are kept.
const retention = 180 * 24 * time.Hour

// Names of reports and events that the simulator records.
const (
	ReportSAML   = "saml"
	ReportToken  = "token"
	LoginSuccess = "login_success"
	LoginFailure = "login_failure"
	Activity     = "activity"
	Authorize    = "authorize"
	Revoke       = "revoke"
)

// event is one line of a report.
type event struct {
	seq     int
	at      time.Time
	appears time.Time // reports are late
	report  string
	name    string
	user    *userRec
	params  map[string]string
}

func reportRoutes() []route {
	return []route{{
		name: "activity.list", method: http.MethodGet, path: "/admin/reports/v1/activity/users/{user}/applications/{application}",
		api: apiAdmin, super: true, scopes: []string{"admin.reports.audit.readonly"}, serve: (*Server).listActivities,
	}}
}

// filter is one condition on a parameter.
type filter struct{ name, operator, value string }

func parseFilters(text string) ([]filter, bool) {
	if text == "" {
		return nil, true
	}
	shape := regexp.MustCompile(`^([a-zA-Z_]+)(==|<>|<=|>=|<|>)(.+)$`)
	var out []filter
	for part := range strings.SplitSeq(text, ",") {
		m := shape.FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		out = append(out, filter{m[1], m[2], m[3]})
	}
	return out, true
}

func (f filter) fits(params map[string]string) bool {
	value, has := params[f.name]
	switch f.operator {
	case "==":
		return has && value == f.value
	case "<>":
		return has && value != f.value
	case "<":
		return has && value < f.value
	case "<=":
		return has && value <= f.value
	case ">":
		return has && value > f.value
	default:
		return has && value >= f.value
	}
}

// span reads startTime and endTime.
func (q *request) span() (time.Time, time.Time, bool) {
	start, end := q.at.Add(-retention), q.at
	for name, into := range map[string]*time.Time{"startTime": &start, "endTime": &end} {
		if text := q.query.Get(name); text != "" {
			at, err := time.Parse(time.RFC3339, text)
			if err != nil {
				return start, end, false
			}
			*into = at
		}
	}
	fine := start.Before(end) && start.Before(q.at)
	if oldest := q.at.Add(-retention); start.Before(oldest) {
		start = oldest
	}
	return start, end, fine
}

func (s *Server) listActivities(q *request) reply {
	if !slices.Contains([]string{"login", "admin", "groups", ReportSAML, ReportToken}, q.vars[1]) {
		return invalid("applicationName")
	}
	var only *userRec
	if q.vars[0] != "all" {
		if only = s.userByKey(q.vars[0]); only == nil {
			return adminError(http.StatusBadRequest, "invalid", "Bad Request") // unverified: how a deleted user is refused
		}
	}
	start, end, fine := q.span()
	filters, parsed := parseFilters(q.query.Get("filters"))
	size, counted := q.number("maxResults", 1000, 1000)
	if !fine || !parsed || !counted {
		return invalid("parameter")
	}
	var rows []*event
	for _, e := range s.events {
		wanted := e.report == q.vars[1] && !e.appears.After(q.at) && !e.at.Before(start) && !e.at.After(end) &&
			(only == nil || e.user == only) && (q.query.Get("eventName") == "" || q.query.Get("eventName") == e.name)
		for _, f := range filters {
			wanted = wanted && f.fits(e.params)
		}
		if wanted {
			rows = append(rows, e)
		}
	}
	slices.SortFunc(rows, func(a, b *event) int { return strings.Compare(a.place(), b.place()) })
	rows, next, fine := page(rows, (*event).place, q.query.Get("pageToken"), size)
	if !fine {
		return invalid("pageToken")
	}
	var out []any
	for _, e := range rows {
		out = append(out, s.eventJSON(e))
	}
	return ok(listed("admin#reports#activities", "items", out, next))
}

// place orders events newest first.
func (e *event) place() string {
	return strconv.FormatInt(1<<62-e.at.UnixNano(), 10) + "-" + strconv.Itoa(1<<30-e.seq)
}

func (s *Server) eventJSON(e *event) object {
	var params []any
	for name, value := range e.params {
		params = append(params, object{"name": name, "value": value})
	}
	kind := "login"
	if e.report == ReportToken {
		kind = "auth"
	}
	return object{
		"kind": "admin#reports#activity", "etag": etag(e.seq, e.at), "ipAddress": "198.51.100.7",
		"id": object{
			"time": stamp(e.at), "uniqueQualifier": strconv.FormatInt(-int64(e.seq)*7919, 10), "applicationName": e.report,
			"customerId": s.cfg.Customer,
		},
		"actor":  object{"callerType": "USER", "email": e.user.Primary, "profileId": e.user.ID},
		"events": []any{object{"type": kind, "name": e.name, "parameters": params}},
	}
}
