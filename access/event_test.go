package access

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"usher/idp"
)

// wholeLife is the evidence of an access from the request to its end.
func wholeLife(t *testing.T) []Event {
	t.Helper()
	b := newBallot(t, 1, 1)
	b.must(b.vote(Approve))
	b.must(b.vote(Approve))
	groups := b.s.Request.Role.Groups
	for _, g := range groups {
		b.must(inspected{Group: g, User: idp.User{ID: "rita", Status: idp.Active, StatusDetail: "ACTIVE"}})
		b.must(added{Group: g})
	}
	b.now = b.s.Grant.DueAt
	b.must(due{})
	for _, g := range groups {
		b.must(removed{Group: g})
	}
	if b.s.Grant.State != GrantEnded {
		t.Fatalf("the life is not over: %s", b.s.Grant.State)
	}
	return b.events
}

// alterations are all the ways to alter one value: each field of a struct, each entry of a map, by themselves.
func alterations(t *testing.T, name string, v reflect.Value) map[string]reflect.Value {
	t.Helper()
	all := map[string]reflect.Value{}
	put := func(name string, x any) { all[name] = reflect.ValueOf(x).Convert(v.Type()) }
	if at, ok := v.Interface().(time.Time); ok {
		put(name+" a moment later", at.Add(time.Nanosecond))
		put(name+" never", time.Time{})
		return all
	}
	switch v.Kind() {
	case reflect.String:
		put(name, v.String()+"x")
		if v.String() != "" {
			put(name+" emptied", "")
		}
	case reflect.Int:
		put(name, v.Int()+1)
	case reflect.Map:
		facts, ok := v.Interface().(map[string]string)
		if !ok {
			t.Fatalf("%s is a %s: teach the test to alter it", name, v.Type())
		}
		more := maps.Clone(facts)
		if more == nil {
			more = map[string]string{}
		}
		more["another"] = ""
		put(name+" with another", more)
		for key := range facts {
			other, fewer := maps.Clone(facts), maps.Clone(facts)
			other[key] += "x"
			delete(fewer, key)
			put(name+"."+key, other)
			put(name+" without "+key, fewer)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			for field, x := range alterations(t, name+"."+v.Type().Field(i).Name, v.Field(i)) {
				whole := reflect.New(v.Type()).Elem()
				whole.Set(v)
				whole.Field(i).Set(x)
				all[field] = whole
			}
		}
	default:
		t.Fatalf("%s is a %s: teach the test to alter it", name, v.Type())
	}
	return all
}

func TestWhateverIsAlteredInAnEventBreaksTheChain(t *testing.T) {
	t.Parallel()
	life := wholeLife(t)
	if err := VerifyChain(life); err != nil {
		t.Fatal(err)
	}
	tried, facts := 0, map[string]bool{}
	for i, e := range life {
		for key := range e.Facts {
			facts[key] = true
		}
		for name, v := range alterations(t, fmt.Sprintf("%d %s", e.Seq, e.Kind), reflect.ValueOf(e)) {
			tried++
			altered := v.Interface().(Event) //nolint:forcetypeassert // It was made from one.
			if altered.Hash == e.Hash {
				if sum, err := altered.Sum(); err != nil || sum == e.Hash {
					t.Errorf("%s: the sum stays the same, %v", name, err)
				}
			}
			chain := slices.Clone(life)
			chain[i] = altered
			if VerifyChain(chain) == nil {
				t.Errorf("%s: not found", name)
			}
		}
	}
	for _, key := range []string{"due", "group", "envelope", "message", "catalog", "justification", "issue", "reason"} {
		if !facts[key] {
			t.Errorf("no event of a whole life tells its %s", key)
		}
	}
	if tried < 10*len(life) {
		t.Errorf("only %d alterations of %d events", tried, len(life))
	}
}

// Whoever alters an event and puts the sum right breaks the link of the next one.
func TestAnEventWithANewSumDoesNotFitTheNextOne(t *testing.T) {
	t.Parallel()
	life := wholeLife(t)
	for i, e := range life[:len(life)-1] {
		e.Facts = map[string]string{"due": "never"}
		var err error
		if e.Hash, err = e.Sum(); err != nil {
			t.Fatal(err)
		}
		chain := slices.Clone(life)
		chain[i] = e
		if VerifyChain(chain) == nil {
			t.Errorf("event %d: not found", e.Seq)
		}
	}
}
