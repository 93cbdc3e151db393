package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"usher/access"
	"usher/jira"
)

// site is Jira behind HTTP, as far as a life needs it: it answers at once, in the shapes that Atlassian documents, and
// remembers where each issue stands and what was last said on it. Every transition has a screen, as operations.md advises.
type site struct {
	calls atomic.Int64

	mu     sync.Mutex
	made   int
	issues map[string]*filed // By key.
}

// filed is one issue.
type filed struct {
	status  string // Its id.
	comment string
}

// siteStatuses are the names of the statuses by their ids, in the order of a life.
func siteStatuses() []string {
	return []string{"Waiting for approval", "Approved", "Active", "Done", "Denied", "Canceled", "Failed"}
}

// statusID is the id of the status with the number.
func statusID(n int) string { return fmt.Sprint(10010 + n) }

// board is the production adapter before the stub. Whoever listens is told of each status when it is written.
type board struct {
	*jira.Tracker
	v    *vendors
	site *site
}

var _ access.Tracker = (*board)(nil)

func newBoard(b *testing.B, v *vendors) *board {
	b.Helper()
	s := &site{issues: map[string]*filed{}}
	srv := httptest.NewServer(s.routes())
	names := siteStatuses()
	t, err := jira.New(jira.Config{
		URL: srv.URL, InsecureHTTP: true, Email: "bot@x.example", Token: "sandbox", Project: "ACCESS", IssueType: "10101",
		Labels: []string{"access"}, Reporter: true,
		Statuses: map[access.IssueStatus]string{
			access.IssueWaiting: names[0], access.IssueApproved: names[1], access.IssueActive: names[2], access.IssueEnded: names[3],
			access.IssueDenied: names[4], access.IssueCanceled: names[5], access.IssueExpired: names[5], access.IssueFailed: names[6],
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		t.Close()
		srv.Close()
	})
	return &board{Tracker: t, v: v, site: s}
}

// Update tells of the status once it is on the issue.
func (t *board) Update(ctx context.Context, i access.Issue, r access.IssueRecord) error {
	err := t.Tracker.Update(ctx, i, r)
	if err == nil {
		t.v.moved(r.Request.ID, r.Status)
	}
	return err
}

// routes are the calls that the adapter makes in a life without faults.
func (s *site) routes() http.Handler {
	const issue = "/rest/api/2/issue"
	mux := http.NewServeMux()
	mux.HandleFunc("GET /rest/api/2/myself", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"accountId":"bot","accountType":"app","active":true,"displayName":"Bot"}`)
	})
	mux.HandleFunc("GET /rest/api/2/user/search", searchPeople)
	mux.HandleFunc("POST "+issue, s.create)
	mux.HandleFunc("GET "+issue+"/{key}", s.read)
	mux.HandleFunc("GET "+issue+"/{key}/transitions", s.transitions)
	mux.HandleFunc("POST "+issue+"/{key}/transitions", s.transition)
	mux.HandleFunc("GET "+issue+"/{key}/comment", s.comments)
	mux.HandleFunc("POST "+issue+"/{key}/comment", s.comment)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		mux.ServeHTTP(w, r)
	})
}

// answer writes JSON; who has gone needs none.
func answer(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, format, args...)
}

// searchPeople knows everybody.
func searchPeople(w http.ResponseWriter, r *http.Request) {
	email := r.FormValue("query")
	name, _, _ := strings.Cut(email, "@")
	answer(w, http.StatusOK, `[{"accountId":%q,"accountType":"atlassian","emailAddress":%q,"displayName":%q,"active":true}]`, "acc-"+name, email, name)
}

func (s *site) create(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Fields map[string]json.RawMessage `json:"fields"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || len(body.Fields) == 0 {
		answer(w, http.StatusBadRequest, `{"errorMessages":["no fields"],"errors":{}}`)
		return
	}
	s.mu.Lock()
	s.made++
	id := 10000 + s.made
	key := fmt.Sprintf("ACCESS-%d", s.made)
	s.issues[key] = &filed{status: statusID(0)}
	s.mu.Unlock()
	answer(w, http.StatusCreated, `{"id":"%d","key":%q,"self":"http://%s/rest/api/2/issue/%d"}`, id, key, r.Host, id)
}

// find gives a copy of the issue, or answers that there is none.
func (s *site) find(w http.ResponseWriter, r *http.Request) (filed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, ok := s.issues[r.PathValue("key")]
	if !ok {
		answer(w, http.StatusNotFound, `{"errorMessages":["Issue does not exist or you do not have permission to see it."],"errors":{}}`)
		return filed{}, false
	}
	return *is, true
}

func (s *site) read(w http.ResponseWriter, r *http.Request) {
	is, ok := s.find(w, r)
	if !ok {
		return
	}
	for n, name := range siteStatuses() {
		if statusID(n) == is.status {
			answer(w, http.StatusOK, `{"id":"1","key":%q,"fields":{"status":{"id":%q,"name":%q},"issuetype":{"id":"10101","name":"Access request"}}}`,
				r.PathValue("key"), is.status, name)
		}
	}
}

// transitions offers every status but the first; the id of a transition is that of the status to which it leads.
func (s *site) transitions(w http.ResponseWriter, r *http.Request) {
	if _, ok := s.find(w, r); !ok {
		return
	}
	var list []string
	for n, name := range siteStatuses()[1:] {
		id := statusID(n + 1)
		list = append(list, fmt.Sprintf(`{"id":%q,"name":"To %s","to":{"id":%q,"name":%q},"hasScreen":true,"isAvailable":true,"fields":{}}`, id, name, id, name))
	}
	answer(w, http.StatusOK, `{"expand":"transitions","transitions":[%s]}`, strings.Join(list, ","))
}

func (s *site) transition(w http.ResponseWriter, r *http.Request) {
	type added struct {
		Add struct {
			Body string `json:"body"`
		} `json:"add"`
	}
	var body struct {
		Transition struct {
			ID string `json:"id"`
		} `json:"transition"`
		Update struct {
			Comment []added `json:"comment"`
		} `json:"update"`
	}
	if _, ok := s.find(w, r); !ok {
		return
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Transition.ID == "" {
		answer(w, http.StatusBadRequest, `{"errorMessages":["Missing 'transition' identifier"],"errors":{}}`)
		return
	}
	s.mu.Lock()
	is := s.issues[r.PathValue("key")]
	is.status = body.Transition.ID
	for _, c := range body.Update.Comment {
		is.comment = c.Add.Body
	}
	s.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// comments tells the last one only.
func (s *site) comments(w http.ResponseWriter, r *http.Request) {
	is, ok := s.find(w, r)
	if !ok {
		return
	}
	text, err := json.Marshal(is.comment)
	if err != nil {
		panic(err) // A string always has a form in JSON.
	}
	answer(w, http.StatusOK, `{"startAt":0,"maxResults":100,"total":1,"comments":[{"id":"1","author":{"accountId":"bot"},"body":%s}]}`, text)
}

func (s *site) comment(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Body string `json:"body"`
	}
	if _, ok := s.find(w, r); !ok {
		return
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Body == "" {
		answer(w, http.StatusBadRequest, `{"errorMessages":["Comment body can not be empty!"],"errors":{}}`)
		return
	}
	s.mu.Lock()
	s.issues[r.PathValue("key")].comment = body.Body
	s.mu.Unlock()
	answer(w, http.StatusCreated, `{"id":"1","author":{"accountId":"bot"},"body":""}`)
}
