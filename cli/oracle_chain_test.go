package cli_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"usher/access"
	"usher/catalog"
)

// link is an event as docs/evidence say that it is summed: this JSON, without the sum.
type link struct {
	Request string            `json:"request"`
	Seq     int               `json:"seq"`
	At      time.Time         `json:"at"`
	Kind    string            `json:"kind"`
	Actor   access.Person     `json:"actor,omitzero"`
	Text    string            `json:"text"`
	Facts   map[string]string `json:"facts,omitempty"`
	Prev    string            `json:"prev,omitempty"`
	Hash    string            `json:"hash"`
}

// chain sums the events anew, each with the one before, without the product's own code. Then it alters one event after the
// other in every way, and wants the product to notice.
func (o *oracle) chain(list []access.Event) {
	prev := ""
	for i, e := range list {
		raw, err := json.Marshal(link{string(e.Request), i + 1, e.At.UTC(), string(e.Kind), e.Actor, e.Text, e.Facts, prev, ""})
		if err != nil {
			o.wrong(6, "%v", err)
		}
		sum := sha256.Sum256(raw)
		if prev = hex.EncodeToString(sum[:]); prev != e.Hash || e.Seq != i+1 {
			o.wrong(6, "request %s: event %d, %q, has the sum %s and must have %s", e.Request, i+1, e.Text, e.Hash, prev)
			return
		}
	}
	if err := access.VerifyChain(list); err != nil {
		o.wrong(6, "%v", err)
	}
	at := len(o.faults) % max(1, len(list)) // Any.
	at = (at + len(list)/2) % max(1, len(list))
	for what, alter := range alterations() {
		forged := slices.Clone(list)
		if alter(&forged[at]); access.VerifyChain(forged) == nil {
			o.wrong(6, "nobody notices that %s of an event is another", what)
		}
	}
	if short := slices.Delete(slices.Clone(list), at, at+1); at < len(list)-1 && access.VerifyChain(short) == nil {
		o.wrong(6, "nobody notices that an event is missing")
	}
}

func alterations() map[string]func(e *access.Event) {
	return map[string]func(e *access.Event){
		"the text":  func(e *access.Event) { e.Text += "." },
		"the time":  func(e *access.Event) { e.At = e.At.Add(time.Nanosecond) },
		"the actor": func(e *access.Event) { e.Actor.User += "x" },
		"the kind":  func(e *access.Event) { e.Kind += "x" },
		"a fact":    func(e *access.Event) { e.Facts = map[string]string{"forged": "yes"} },
	}
}

// sameSteps compares the steps on record with those of the catalog.
func sameSteps(got []catalog.Step, want []bookStep, owners []string) bool {
	return slices.EqualFunc(got, want, func(g catalog.Step, w bookStep) bool {
		var names []string
		for _, a := range g.Approvers {
			switch a.Kind {
			case catalog.ApproverManager:
				names = append(names, "manager")
			case catalog.ApproverOwner:
				if names = append(names, "owner"); !slices.Equal(a.Emails, owners) {
					return false
				}
			case catalog.ApproverPerson:
				names = append(names, a.Emails...)
			}
		}
		return slices.Equal(names, w.Approvers) && max(1, g.Quorum) == max(1, w.Quorum)
	})
}
