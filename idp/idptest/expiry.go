package idptest

import (
	"testing"
	"time"

	"usher/idp"
)

func expiryCases() []testCase {
	return []testCase{
		{"the end of a membership is set, moved either way, taken away and read back", moveEnd},
		{"the vendor itself ends a membership at the time that was set", vendorEnds},
		{"a membership whose end was taken away goes on", func(t *testing.T, w *world) {
			e := w.expirer(t)
			w.need(t, "Advance") // A membership lasts longer than a test in real time.
			u := w.person(t)
			g := w.AddGroup(t, "Team", u)
			w.setEnd(t, e, g, u, inTwoDays())
			w.setEnd(t, e, g, u, time.Time{})
			w.Advance(72 * time.Hour)
			w.wantTruth(t, g, u, true)
		}},
		{"an end makes no membership", func(t *testing.T, w *world) {
			e := w.expirer(t)
			u, member := w.person(t), w.person(t)
			g := w.AddGroup(t, "Team", member)
			for _, at := range []time.Time{inTwoDays(), {}} {
				w.wantNoEnd(t, e, g, u, at, idp.UserNotFound)
				w.wantNoEnd(t, e, g, w.unknownUser(t), at, idp.UserNotFound)
				w.wantNoEnd(t, e, w.unknownGroup(t), member, at, idp.GroupNotFound)
			}
			w.wantTruth(t, g, u, false)
			if n := len(w.Members(g)); n != 1 {
				t.Fatalf("the group has %d members, want 1", n)
			}
		}},
		{"a removal before the end leaves no end behind", removeBeforeEnd},
		{"groups that must not be governed get no end", func(t *testing.T, w *world) {
			w.need(t, "Ungovernable")
			e := w.expirer(t)
			u := w.person(t)
			for what, g := range w.Ungovernable(t) {
				before := w.has(g, u)
				err := e.SetExpiry(t.Context(), g, u, inTwoDays())
				w.witness.keep(err)
				wantKind(t, "SetExpiry in "+what, err, idp.NotGovernable)
				w.wantTruth(t, g, u, before)
			}
		}},
		{"an end that the vendor did not confirm is no success, and a repeat heals", unconfirmedEnd},
	}
}

func (w *world) expirer(t *testing.T) idp.Expirer {
	t.Helper()
	return capable[idp.Expirer](t, w, "Expirer")
}

// inTwoDays is a time as vendors keep it, in whole seconds, and later than any vendor's least time.
func inTwoDays() time.Time { return time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second) }

// setEnd sets the end and reads it back.
func (w *world) setEnd(t *testing.T, e idp.Expirer, g idp.GroupID, u idp.UserID, at time.Time) {
	t.Helper()
	err := e.SetExpiry(t.Context(), g, u, at)
	w.witness.keep(err)
	must(t, "SetExpiry", err)
	w.wantEnd(t, e, g, u, at)
}

func (w *world) wantEnd(t *testing.T, e idp.Expirer, g idp.GroupID, u idp.UserID, want time.Time) {
	t.Helper()
	got, err := e.Expiry(t.Context(), g, u)
	w.witness.keep(err)
	must(t, "Expiry", err)
	if !got.Equal(want) {
		t.Fatalf("the membership ends at %v, want %v", got, want)
	}
}

func (w *world) wantNoEnd(t *testing.T, e idp.Expirer, g idp.GroupID, u idp.UserID, at time.Time, want idp.Kind) {
	t.Helper()
	err := e.SetExpiry(t.Context(), g, u, at)
	w.witness.keep(err)
	wantKind(t, "SetExpiry", err, want)
}

func moveEnd(t *testing.T, w *world) {
	e := w.expirer(t)
	u, other := w.person(t), w.person(t)
	g, elsewhere := w.AddGroup(t, "Team", other), w.AddGroup(t, "Other", u)
	must(t, "AddMember", w.Provider.AddMember(t.Context(), g, u))
	w.wantEnd(t, e, g, u, time.Time{})
	first := inTwoDays()
	for _, at := range []time.Time{first, first.Add(24 * time.Hour), first.Add(-24 * time.Hour), {}, first, first, {}, {}} {
		w.setEnd(t, e, g, u, at)
		w.wantEnd(t, e, g, other, time.Time{})
		w.wantEnd(t, e, elsewhere, u, time.Time{})
		w.wantTruth(t, g, u, true)
	}
}

func vendorEnds(t *testing.T, w *world) {
	e := w.expirer(t)
	w.need(t, "Advance") // A membership lasts longer than a test in real time.
	u, stays, later := w.person(t), w.person(t), w.person(t)
	g, elsewhere := w.AddGroup(t, "Team", stays, later, u), w.AddGroup(t, "Other", u)
	end := inTwoDays()
	w.setEnd(t, e, g, u, end)
	w.setEnd(t, e, g, later, end.Add(24*time.Hour))
	w.Advance(47 * time.Hour)
	w.wantTruth(t, g, u, true)
	w.Advance(2 * time.Hour)
	for who, want := range map[idp.UserID]bool{u: false, stays: true, later: true} {
		w.wantTruth(t, g, who, want)
		w.wantMember(t, g, who, want)
	}
	w.wantTruth(t, elsewhere, u, true)
	must(t, "RemoveMember after the end", w.Provider.RemoveMember(t.Context(), g, u))
	w.wantNoEnd(t, e, g, u, inTwoDays().Add(72*time.Hour), idp.UserNotFound)
}

func removeBeforeEnd(t *testing.T, w *world) {
	e := w.expirer(t)
	u, other := w.person(t), w.person(t)
	g := w.AddGroup(t, "Team", u, other)
	end := inTwoDays()
	w.setEnd(t, e, g, u, end)
	w.setEnd(t, e, g, other, end.Add(24*time.Hour))
	must(t, "RemoveMember", w.Provider.RemoveMember(t.Context(), g, u))
	w.wantTruth(t, g, u, false)
	left, err := e.Expiry(t.Context(), g, u)
	w.witness.keep(err)
	wantKind(t, "Expiry of who is no member", err, "", idp.UserNotFound)
	if !left.IsZero() {
		t.Fatalf("who is no member has an end at %v", left)
	}
	w.wantEnd(t, e, g, other, end.Add(24*time.Hour))
	must(t, "AddMember again", w.Provider.AddMember(t.Context(), g, u))
	w.wantEnd(t, e, g, u, time.Time{})
	if w.Advance != nil {
		w.Advance(49 * time.Hour)
		w.wantTruth(t, g, u, true)
	}
}

func unconfirmedEnd(t *testing.T, w *world) {
	w.need(t, "Fault", "Heal")
	e := w.expirer(t)
	for _, f := range []struct {
		kind FaultKind
		want idp.Kind
	}{
		{CutBefore, idp.Unavailable},
		{CutAfter, idp.Unavailable},
		{ServerErrorEmpty, idp.Unavailable},
		{ProxyPage, idp.Unavailable},
		{Truncated, idp.Unavailable},
		{WrongTypes, idp.Unavailable},
		{Rejected, idp.Unauthorized},
		{Denied, idp.Forbidden},
	} {
		u := w.person(t)
		g := w.AddGroup(t, "Team", u)
		_, err := w.Provider.Group(t.Context(), g)
		must(t, "Group", err)
		w.Fault(Fault{Kind: f.kind, On: Changes})
		err = e.SetExpiry(t.Context(), g, u, inTwoDays())
		w.witness.keep(err)
		wantKind(t, "SetExpiry, "+string(f.kind), err, f.want)
		w.wantTruth(t, g, u, true)
		w.Heal()
		w.setEnd(t, e, g, u, inTwoDays())
	}
}
