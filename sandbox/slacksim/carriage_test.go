package slacksim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"usher/sandbox/slacksim"
)

func TestEnvelopesTravelAsTheyAreTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		way    slacksim.Carriage
		frames int
		failed bool // The person sees an error.
	}{
		"well":              {frames: 1},
		"a little late":     {way: slacksim.Carriage{Delay: 20 * time.Millisecond}, frames: 1},
		"too late":          {way: slacksim.Carriage{Delay: 400 * time.Millisecond}, frames: 1, failed: true},
		"three times":       {way: slacksim.Carriage{Again: []time.Duration{0, 5 * time.Millisecond}}, frames: 3},
		"answered in vain":  {way: slacksim.Carriage{LoseAcks: 1}, frames: 1, failed: true},
		"answered at last":  {way: slacksim.Carriage{LoseAcks: 1, Again: []time.Duration{10 * time.Millisecond}}, frames: 2},
		"cut in the middle": {way: slacksim.Carriage{Cut: true}, failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, func(cfg *slacksim.Config) {
				cfg.AckTimeout = 300 * time.Millisecond
				cfg.Carry = func(kind string, payload json.RawMessage) slacksim.Carriage {
					if kind != "slash_commands" || !json.Valid(payload) {
						t.Errorf("%s %s", kind, payload)
					}
					return c.way
				}
			})
			var got atomic.Int32
			b.connect().serve(func(frame) string { got.Add(1); return "" })
			res, err := b.Run(b.ctx, "U1ANN", "/access", "")
			var shown *slacksim.UserError
			if failed := errors.As(err, &shown); failed != c.failed || res.Delivery.Acked == c.failed {
				t.Errorf("%v, acknowledged %t", err, res.Delivery.Acked)
			}
			if !c.way.Cut {
				if err := b.Wait(b.ctx, func() bool { return len(b.Deliveries()) >= c.frames }); err != nil {
					t.Error(err)
				}
				for end := time.Now().Add(10 * time.Second); int(got.Load()) < c.frames && time.Now().Before(end); {
					time.Sleep(time.Millisecond) // The app reads on its own.
				}
				if n := int(got.Load()); n != c.frames {
					t.Errorf("%d frames", n)
				}
			}
		})
	}
}

func TestABurstIsSentOverAllSockets(t *testing.T) {
	t.Parallel()
	b := start(t, func(cfg *slacksim.Config) { cfg.AckTimeout = 300 * time.Millisecond })
	command, err := b.Typed("U1ANN", "/access", "x")
	home, err2 := b.Opened("U1ANN")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Burst(b.ctx, nil); err == nil {
		t.Error("a burst to nobody")
	}
	var all []slacksim.Frame
	for i := range 200 {
		command.EnvelopeID, home.EnvelopeID = fmt.Sprint("command-", i), ""
		all = append(all, command, home, command)
	}
	all = append(all, slacksim.Frame{EnvelopeID: "deaf", Type: "interactive", Payload: json.RawMessage(`{}`)})
	counts := [2]atomic.Int32{}
	for i := range counts {
		b.connect().serveSome(func(f frame) bool { counts[i].Add(1); return f.EnvelopeID != "deaf" })
	}
	got, err := b.Burst(b.ctx, all)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range got {
		if last := i == len(got)-1; d.Acked == last || d.EnvelopeID == "" || d.Type != all[i].Type {
			t.Errorf("%d: %+v", i, d)
		}
	}
	if n := counts[0].Load() + counts[1].Load(); int(n) != len(all) || counts[0].Load() == 0 || counts[1].Load() == 0 {
		t.Errorf("%d frames of %d, %d and %d", n, len(all), counts[0].Load(), counts[1].Load())
	}
	if n := len(b.Deliveries()); n != 0 {
		t.Errorf("%d deliveries in the log", n)
	}
}

func TestFramesAreWhatThePersonWouldSend(t *testing.T) {
	t.Parallel()
	b := start(t)
	m := b.mustCall("chat.postMessage", map[string]any{"channel": "U1ANN", "text": "x", "blocks": []any{
		map[string]any{"type": "actions", "elements": []any{map[string]any{
			"type": "button", "action_id": "go", "value": "v", "text": map[string]any{"type": "plain_text", "text": "Go"},
		}}},
	}})
	at := slacksim.InMessage(m.text("channel"), m.text("ts"))
	if _, err := b.Pressed("U1ANN", at, "other"); err == nil {
		t.Error("a button that is not there was pressed")
	}
	if _, err := b.Pressed("U2BOB", at, "go"); err == nil {
		t.Error("somebody pressed in a DM of others")
	}
	if _, err := b.Typed("U4OUT", "/access", ""); err == nil {
		t.Error("an outsider typed a command")
	}
	one, err := b.Pressed("U1ANN", at, "go")
	shown, _ := b.Message(m.text("channel"), m.text("ts"))
	two, err2 := b.PressedStale("U2BOB", shown, "go")
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	for who, f := range map[string]slacksim.Frame{"U1ANN": one, "U2BOB": two} {
		p := frame{Payload: f.Payload}
		if f.Type != "interactive" || p.text("type") != "block_actions" || p.text("user", "id") != who || p.text("trigger_id") == "" {
			t.Errorf("%s %s", f.Type, f.Payload)
		}
	}
}
