package page

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/page/web"
)

// callsMost is how many of the latest calls are listed.
const callsMost = 60

// apiCall is one call that Usher made, as the list shows it.
type apiCall struct {
	ID, Vendor, Name, Method, Path, Fault string
	Answer                                string // Empty while there is none.
	Bad, Changed                          bool
	At                                    time.Time
}

// calls is the list of the latest API calls to all vendors, newest first.
func (s *Server) calls(r *http.Request) (g.Node, error) {
	st := s.now()
	v, err := web.ViewerOf(r, st.World.Company)
	if err != nil {
		return nil, err
	}
	list, total := st.calls()
	return g.Group{
		h.H2(g.Text("API calls "), h.Span(g.Text(fmt.Sprint(total, " so far, the latest first")))), callTable(list, v.Zone),
	}, nil
}

func callTable(list []apiCall, zone *time.Location) g.Node {
	if len(list) == 0 {
		return h.P(h.Class("empty"), g.Text("Nobody has called anything yet. Usher calls when somebody does something, and not otherwise."))
	}
	column := func(words string) g.Node { return h.Th(h.Scope("col"), g.Text(words)) }
	return h.Div(
		h.Class("list"), h.TabIndex("0"), h.Role("region"), h.Aria("label", "List of API calls"),
		h.Table(
			h.THead(h.Tr(g.Map([]string{"Time", "To", "Call", "Answer"}, column))),
			h.TBody(g.Map(list, func(c apiCall) g.Node { return c.row(zone) })),
		),
	)
}

// row is a call in the list.
func (c apiCall) row(zone *time.Location) g.Node {
	var classes []string
	if c.Fault != "" || c.Bad {
		classes = append(classes, "bad")
	}
	if c.Changed {
		classes = append(classes, "changed")
	}
	return h.Tr(
		h.ID(c.ID), g.If(len(classes) > 0, h.Class(strings.Join(classes, " "))),
		h.Td(g.Text(c.At.In(zone).Format(time.TimeOnly))), h.Td(g.Text(c.Vendor)),
		h.Td(h.B(g.Text(c.Name)), g.Text(" "), h.Span(g.Text(c.Method+" "+c.Path))),
		h.Td(g.Text(c.mark()), g.If(c.Fault != "", g.Group{g.Text(" "), h.Span(g.Text(c.why()))})),
	)
}

// mark is what became of the call, in a word.
func (c apiCall) mark() string {
	switch {
	case c.Fault != "" && c.Answer == "":
		return "no answer"
	case c.Answer == "":
		return "…"
	}
	return c.Answer
}

// why names the fault that was switched on.
func (c apiCall) why() string { return "(" + strings.ReplaceAll(c.Fault, "_", " ") + ")" }

// status is an answer over HTTP; empty for none.
func status(code int) string {
	if code == 0 {
		return ""
	}
	return strconv.Itoa(code)
}

func (st *stage) calls() (list []apiCall, total int) {
	w := st.World
	for _, c := range w.Slack.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-slack-", c.Seq), Vendor: "Slack", Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Answer: status(c.Status), Bad: c.Status >= http.StatusBadRequest, Changed: c.Changed, At: c.At,
		})
	}
	for _, c := range w.Jira.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-jira-", c.Seq), Vendor: "Jira", Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Answer: status(c.Status), Bad: c.Status >= http.StatusBadRequest, Changed: c.Changed, At: c.At,
		})
	}
	for _, c := range w.Directory.Calls() {
		list = append(list, apiCall{
			ID: fmt.Sprint("call-directory-", c.Seq), Vendor: w.Directory.Label(), Name: c.Name, Method: c.Method, Path: c.Path,
			Fault: c.Fault, Answer: c.Answer, Bad: c.Answer != "" && !c.OK, Changed: c.Changed, At: c.At,
		})
	}
	slices.SortStableFunc(list, func(a, b apiCall) int { return b.At.Compare(a.At) })
	return list[:min(len(list), callsMost)], len(list)
}
