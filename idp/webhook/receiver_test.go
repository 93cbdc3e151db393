package webhook_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// Receiver lets Usher change who is in the groups of an app.
type Receiver struct {
	Secret  *standard.Webhook          // of secret_file
	Users   map[string]string          // e-mail addresses by id
	Members map[string]map[string]bool // of the groups

	mu sync.Mutex
}

func (re *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if re.Secret.Verify(body, r.Header) != nil { // A wrong signature, or a clock that is five minutes off.
		answer(w, 401, map[string]any{"error": "unauthorized"})
		return
	}
	re.mu.Lock()
	defer re.mu.Unlock()
	var c struct{ Action, Group, User string }
	_ = json.Unmarshal(body, &c)
	path := strings.Split(r.URL.Path+"///", "/") // "", "groups", group, "members", user; or "", "users", user
	people, group, user := path[1] == "users", c.Group+path[2], c.User+path[4]
	if people {
		user = path[2]
	}
	switch members := re.Members[group]; {
	case people && user == "":
		all := []any{}
		for id, email := range re.Users {
			if strings.EqualFold(email, r.URL.Query().Get("email")) {
				all = append(all, re.person(id))
			}
		}
		answer(w, 200, map[string]any{"users": all})
	case r.Method == http.MethodGet && (group == "" || path[3] != "" && path[4] == ""):
		answer(w, 501, map[string]any{"error": "invalid"}) // It lists neither groups nor members.
	case !people && members == nil:
		answer(w, 404, map[string]any{"error": "group_not_found"})
	case re.Users[user] == "" && (user != "" || r.Method == http.MethodPost):
		answer(w, 404, map[string]any{"error": "user_not_found"})
	case people:
		answer(w, 200, re.person(user))
	case r.Method == http.MethodPost:
		members[user] = c.Action == "add"
		answer(w, 200, map[string]any{"status": "done"})
	case user == "":
		answer(w, 200, map[string]any{"id": group, "name": group})
	default:
		answer(w, 200, map[string]any{"member": members[user]})
	}
}

func (re *Receiver) person(id string) any {
	return map[string]any{"id": id, "email": re.Users[id], "status": "active"}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
