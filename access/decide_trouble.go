package access

// trouble says that an effect keeps failing, in words for the people concerned.
type trouble struct {
	Kind EffectKind
	Text string
}

func (c trouble) apply(t *turn) error {
	switch c.Kind {
	case EffectOpen, EffectRoute, EffectAsk:
		r := t.req()
		if r.Trouble == "" && (c.Kind == EffectOpen || r.State == RequestPending) {
			r.Trouble = c.Text
			t.event(r, EventTrouble, Person{}, c.Text, nil)
			t.status()
		}
	case EffectInspect, EffectAdd, EffectRemove:
		g := t.s.Grant
		if g != nil && g.Trouble == "" && !g.State.Final() {
			g.Trouble = c.Text
			t.event(t.home(), EventTrouble, Person{}, c.Text, nil)
			t.statusOf(t.home())
		}
	case EffectMirror, EffectStatus, EffectNotice, EffectLock, EffectFold:
	}
	return nil
}

// recovered ends what trouble began.
func (t *turn) recovered(r *Request, g *Grant) {
	if r.Trouble == "" && (g == nil || g.Trouble == "") {
		return
	}
	r.Trouble = ""
	if g != nil {
		g.Trouble = ""
	}
	t.event(r, EventTroubleOver, Person{}, "The disturbance is over.", nil)
	if g == nil {
		t.statusOf(r)
	}
}
