package idptest

import (
	"context"
	"errors"
	"testing"

	"usher/idp"
)

// manyGroups is more groups than any vendor gives on one page.
const manyGroups = 650

func discoveryCases() []testCase {
	return []testCase{
		{"discovery finds every group with its name and the number of its members", everyGroup},
		{"discovery finds each of many groups once", eachOfMany},
		{"discovery says why groups must not be governed", discoveredRefusals},
		{"discovery changes nothing", func(t *testing.T, w *world) {
			w.need(t, "Changes")
			d := w.discoverer(t)
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			before := w.Changes()
			_, err := w.discover(t, d)
			must(t, "Discover", err)
			if n := w.Changes() - before; n != 0 {
				t.Fatalf("%d requests changed something", n)
			}
			w.wantTruth(t, g, u, true)
		}},
		{"discovery ends with the first error of its listener and returns it", listenerError},
		{"a bad later page of groups is an error and never a short list", badPageOfGroups},
		{"wrong credentials discover nothing", func(t *testing.T, w *world) {
			w.need(t, "Locked")
			w.discoverer(t)
			w.AddGroup(t, "Team")
			locked, ok := w.Locked(t).(idp.Discoverer)
			if !ok {
				t.Fatal("the provider with the wrong credentials lists nothing")
			}
			found, err := w.discover(t, locked)
			wantKind(t, "Discover", err, idp.Unauthorized)
			if len(found) != 0 {
				t.Fatalf("%d groups beside the error", len(found))
			}
		}},
		{"a context that is over discovers nothing", func(t *testing.T, w *world) {
			d := w.discoverer(t)
			w.AddGroup(t, "Team")
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			before := w.Calls()
			err := d.Discover(ctx, func(idp.Discovered) error {
				t.Error("a group is found")
				return nil
			})
			w.witness.keep(err)
			wantKind(t, "Discover", err, idp.Unavailable)
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%v does not wrap the context's error", err)
			}
			if n := w.Calls() - before; n != 0 {
				t.Fatalf("%d requests were sent", n)
			}
		}},
		{"a context that ends during discovery ends it", cancelledDiscovery},
	}
}

func (w *world) discoverer(t *testing.T) idp.Discoverer {
	t.Helper()
	return capable[idp.Discoverer](t, w, "Discoverer")
}

// discover collects what is found.
func (w *world) discover(t *testing.T, d idp.Discoverer) (map[idp.GroupID]idp.Discovered, error) {
	t.Helper()
	found := map[idp.GroupID]idp.Discovered{}
	err := d.Discover(t.Context(), func(g idp.Discovered) error {
		if _, twice := found[g.ID]; twice || g.ID == "" {
			t.Errorf("group %q is found twice or has no id", g.ID)
		}
		found[g.ID] = g
		return nil
	})
	w.witness.keep(err)
	return found, err
}

// wantFound holds what was found of a group that may be governed against the vendor's truth.
func (w *world) wantFound(t *testing.T, found map[idp.GroupID]idp.Discovered, id idp.GroupID, name string) {
	t.Helper()
	g, ok := found[id]
	if !ok {
		t.Fatalf("group %s is not found", id)
	}
	if g.ID != id || (name != "" && g.Name != name) || g.Refusal != "" {
		t.Fatalf("found %+v, want %s called %q", g.Group, id, name)
	}
	truth := len(w.Members(id))
	if g.Members != truth && (g.Members != -1 || w.Discovers.Members) {
		t.Fatalf("group %s is said to have %d members, it has %d", id, g.Members, truth)
	}
}

func everyGroup(t *testing.T, w *world) {
	d := w.discoverer(t)
	users := w.crowd(t, 3)
	want := map[idp.GroupID]string{
		w.AddGroup(t, "Nobody"):             "Nobody",
		w.AddGroup(t, "Somebody", users[0]): "Somebody",
		w.AddGroup(t, "Ünïcode", users...):  "Ünïcode",
	}
	found, err := w.discover(t, d)
	must(t, "Discover", err)
	for id, name := range want {
		w.wantFound(t, found, id, name)
	}
}

func eachOfMany(t *testing.T, w *world) {
	w.need(t, "ManyGroups")
	d := w.discoverer(t)
	all := w.ManyGroups(t, w.person(t), manyGroups)
	found, err := w.discover(t, d)
	must(t, "Discover", err)
	for _, id := range all {
		w.wantFound(t, found, id, "")
	}
}

func discoveredRefusals(t *testing.T, w *world) {
	w.need(t, "Ungovernable")
	d := w.discoverer(t)
	kinds := w.Ungovernable(t)
	found, err := w.discover(t, d)
	must(t, "Discover", err)
	told := 0
	for what, id := range kinds {
		g, ok := found[id]
		switch {
		case !ok:
			t.Errorf("%s is not found", what)
		case g.Refusal == "" && !w.Discovers.Refusals:
		case !isSentence(g.Refusal):
			t.Errorf("%s: the refusal %q is not one plain sentence", what, g.Refusal)
		default:
			told++
		}
	}
	if told == 0 {
		t.Error("no group is refused")
	}
}

func listenerError(t *testing.T, w *world) {
	d := w.discoverer(t)
	for _, name := range []string{"One", "Two", "Three"} {
		w.AddGroup(t, name)
	}
	enough, n := errors.New("enough"), 0
	err := d.Discover(t.Context(), func(idp.Discovered) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Fatalf("got %v after %d groups", err, n)
	}
}

func badPageOfGroups(t *testing.T, w *world) {
	w.need(t, "ManyGroups", "Fault", "Heal")
	d := w.discoverer(t)
	all := w.ManyGroups(t, w.person(t), manyGroups)
	for _, kind := range []FaultKind{CutBefore, ServerErrorEmpty, ProxyPage, Truncated, Rejected, Denied} {
		w.Fault(Fault{Kind: kind, On: Reads, Skip: 1})
		found, err := w.discover(t, d)
		if err == nil {
			t.Errorf("%s: got %d of %d groups and no error", kind, len(found), len(all))
		}
		w.Heal()
	}
}

// cancelledDiscovery allows a provider that had read everything before it told the first group to tell the others as well.
func cancelledDiscovery(t *testing.T, w *world) {
	w.need(t, "ManyGroups")
	d := w.discoverer(t)
	all := w.ManyGroups(t, w.person(t), manyGroups)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n, before := 0, 0
	err := d.Discover(ctx, func(idp.Discovered) error {
		if n++; n == 1 {
			cancel()
			before = w.Calls()
		}
		return nil
	})
	w.witness.keep(err)
	if sent := w.Calls() - before; sent != 0 {
		t.Errorf("%d requests were sent after the end of the context", sent)
	}
	if !errors.Is(err, context.Canceled) && (err != nil || n < len(all)) {
		t.Fatalf("%v after %d of %d groups", err, n, len(all))
	}
}
