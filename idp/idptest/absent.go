package idptest

import (
	"maps"
	"slices"
	"testing"

	"usher/idp"
)

// hooks are the optional hooks of the world by the names of their fields, and whether they are there.
func (w *world) hooks() map[string]bool {
	return map[string]bool{
		"Changes": w.Changes != nil, "BigGroup": w.BigGroup != nil, "ManyGroups": w.ManyGroups != nil,
		"Ungovernable": w.Ungovernable != nil, "Join": w.Join != nil, "Leave": w.Leave != nil, "SetStatus": w.SetStatus != nil,
		"Rename": w.Rename != nil, "SameEmail": w.SameEmail != nil, "DeleteUser": w.DeleteUser != nil,
		"DeleteGroup": w.DeleteGroup != nil, "SetManager": w.SetManager != nil, "SignOn": w.SignOn != nil, "FailSignOn": w.FailSignOn != nil, "AppID": w.AppID != nil,
		"Sessions": w.Sessions != nil, "Fault": w.Fault != nil, "Heal": w.Heal != nil, "Lag": w.Lag != nil, "Limit": w.Limit != nil,
		"Refusals": w.Refusals != nil, "Locked": w.Locked != nil, "Logs": w.Logs != nil, "Advance": w.Advance != nil,
	}
}

// capabilities are the optional interfaces of package idp by their names, and whether the provider has them.
func (w *world) capabilities() map[string]bool {
	return map[string]bool{
		"ManagerFinder":  has[idp.ManagerFinder](w.witness.Provider),
		"MemberLister":   has[idp.MemberLister](w.witness.Provider),
		"ActivityReader": has[idp.ActivityReader](w.witness.Provider),
		"SessionRevoker": has[idp.SessionRevoker](w.witness.Provider),
		"Expirer":        has[idp.Expirer](w.witness.Provider),
		"Discoverer":     has[idp.Discoverer](w.witness.Provider),
		"Checker":        has[idp.Checker](w.witness.Provider),
	}
}

func has[T any](p idp.Provider) bool {
	_, ok := p.(T)
	return ok
}

// need ends the case if a hook is absent: skipped with the world's reason, failed without.
func (w *world) need(t *testing.T, hooks ...string) {
	t.Helper()
	present := w.hooks()
	for _, hook := range hooks {
		ok, known := present[hook]
		switch {
		case !known:
			t.Fatalf("the suite asks for an unknown hook %s", hook)
		case ok:
		case w.NotApplicable[hook] != "":
			t.Skipf("%s is not applicable: %s", hook, w.NotApplicable[hook])
		default:
			t.Fatalf("the world has no hook %s and does not say why", hook)
		}
	}
}

// capable is the provider as one of its optional interfaces. Without it the case ends: skipped with the world's reason, failed
// without.
func capable[T any](t *testing.T, w *world, name string) T {
	t.Helper()
	c, ok := w.witness.Provider.(T)
	switch {
	case ok:
	case w.NotApplicable[name] != "":
		t.Skipf("%s is not applicable: %s", name, w.NotApplicable[name])
	default:
		t.Fatalf("the provider is no %s and the world does not say why", name)
	}
	return c
}

func absentCases() []testCase {
	return []testCase{
		{"what is absent is absent for a reason, and what has a reason is absent", func(t *testing.T, w *world) {
			all := w.hooks()
			maps.Copy(all, w.capabilities())
			for _, name := range slices.Sorted(maps.Keys(all)) {
				if reason := w.NotApplicable[name]; all[name] == (reason != "") {
					t.Errorf("%s: there is %v, and the reason why not is %q", name, all[name], reason)
				}
			}
			for name := range w.NotApplicable {
				if _, known := all[name]; !known {
					t.Errorf("%s is neither a hook nor a capability", name)
				}
			}
		}},
	}
}
