package bot

import (
	"crypto/rand"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"usher/access"
	"usher/sandbox/slacksim"
)

// attack is one thing that somebody tries who must not succeed.
type attack struct {
	name string
	// play does it. The town has Rita's request for git/write, about which Mona was asked.
	play func(*scene)
	// want is the sentence that somebody reads afterwards; empty means that nobody sees anything new.
	want string
}

// scene is the town with the request in it.
type scene struct {
	*town
	id  access.RequestID
	ask slacksim.Message
	// before and screens are how things stood when the attack began; begin notes them anew.
	before  string
	screens []string
	// form and dialog are submissions made before, to be tampered with among other clicks; nobody looks at the answers.
	form, dialog payload
}

func (s *scene) begin() { s.before, s.screens = s.truth(), s.shown() }

// payload is a body that can be tampered with.
type payload map[string]any

// set writes a value under a path such as "actions.0.value"; nil for the value takes the field away.
func (p payload) set(path string, v any) payload {
	var at any = map[string]any(p)
	parts := strings.Split(path, ".")
	for i, part := range parts {
		switch o := at.(type) {
		case map[string]any:
			if i == len(parts)-1 {
				if o[part] = v; v == nil {
					delete(o, part)
				}
			}
			at = o[part]
		case []any:
			n, _ := strconv.Atoi(part)
			if i == len(parts)-1 {
				o[n] = v
			}
			at = o[n]
		}
	}
	return p
}

// again is the same submission once more, sent by a click of its own.
func (s *scene) again(p payload) (other payload) {
	s.t.Helper()
	b, err := json.Marshal(p)
	s.must(err)
	s.must(json.Unmarshal(b, &other))
	return other.set("trigger_id", rand.Text())
}

func (s *scene) read(f slacksim.Frame, err error) payload {
	s.t.Helper()
	s.must(err)
	var p payload
	s.must(json.Unmarshal(f.Payload, &p))
	return p
}

// press is the click of a button on the question, by anybody, as their client would send it.
func (s *scene) press(who, action string) payload {
	s.t.Helper()
	return s.read(s.sim.PressedStale(slackOf(who), s.ask, action))
}

// send delivers what was tampered with. Whatever it is, it is acknowledged, or Slack would blame Usher.
func (s *scene) send(p payload) slacksim.Delivery {
	s.t.Helper()
	d, err := s.sim.Send(s.ctx, "interactive", p)
	s.must(err)
	if !d.Acked {
		s.t.Errorf("not acknowledged: %.200s", d.Payload)
	}
	return d
}

func (s *scene) judge(want string) {
	s.t.Helper()
	s.settle()
	if now := s.truth(); now != s.before {
		s.t.Errorf("something changed.\nbefore: %s\nafter: %s", s.before, now)
	}
	got := news(s.screens, s.shown())
	if want == "" && got != "" || !strings.Contains(got, want) {
		s.t.Errorf("want %q, got:\n%s", want, got)
	}
}

func playAttacks(t *testing.T, list []attack) {
	t.Helper()
	for _, a := range list {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			inTown(t, nil, func(w *town) {
				s := &scene{town: w, id: w.asked("rita", "write")}
				s.ask = w.question(s.id, "mona")
				s.begin()
				if !strings.Contains(s.before, string(s.id)) {
					t.Fatal("the truth is not looked at")
				}
				a.play(s)
				s.judge(a.want)
			})
		})
	}
}

const (
	fullMembers = "full members of this workspace only"
	oldButton   = "This button is of another version of Usher"
	oldForm     = "another version of Usher; please close it and open it again"
	notRouted   = "not routed to you"
	ownRequest  = "This is your own request"
	otherCopy   = "belongs to another copy of the message"
	unknownID   = "does not know this request"
)

// impostors are clicks of people who may not decide, and clicks that claim to be of somebody who may.
func impostors() []attack {
	by := func(who string) func(*scene) {
		return func(s *scene) { s.send(s.press(who, actionApprove)) }
	}
	tampered := func(path string, v any) func(*scene) {
		return func(s *scene) { s.send(s.press("mona", actionApprove).set(path, v)) }
	}
	return []attack{
		{"the requester", by("rita"), ownRequest},
		{"a second Slack user of the requester", by("rita2"), ownRequest},
		{"somebody else", by("rob"), notRouted},
		{"an owner who is not routed", by("owen"), notRouted},
		{"an admin who is not routed", by("ada"), notRouted},
		{"a guest", by("guest"), fullMembers},
		{"a bot", by("robot"), fullMembers},
		{"somebody with the approver's unconfirmed address", by("unconfirmed"), "not confirmed in Slack"},
		{"somebody whom the directory does not know", by("stranger"), "cannot find an account"},
		{"somebody with an address of another company", by("foreign"), "not one of the company's"},
		{"an outsider of Slack Connect with the approver's address", by("outsider"), fullMembers},
		{"an outsider without a team in the payload", func(s *scene) {
			s.send(s.press("outsider", actionApprove).set("user.team_id", nil))
		}, fullMembers},
		{"an outsider who claims our team", func(s *scene) {
			s.send(s.press("outsider", actionApprove).set("user.team_id", "T0SANDBOX"))
		}, fullMembers},
		{"a deactivated user", tampered("user.id", slackOf("gone")), fullMembers},
		{"the bot itself", tampered("user.id", "U0BOT"), fullMembers},
		{"somebody who does not exist", tampered("user.id", "U1NOBODY"), fullMembers},
		{"nobody", tampered("user", nil), fullMembers},
		{"a user without an id", tampered("user.id", ""), fullMembers},
		{"a user who is no object", tampered("user", "U1MONA"), ""},
		{"another workspace", tampered("team.id", "T0OTHER"), fullMembers},
		{"no workspace", tampered("team", nil), fullMembers},
		{"a null workspace", tampered("team.id", ""), fullMembers},
		{"another enterprise in place of the workspace", func(s *scene) {
			s.send(s.press("mona", actionApprove).set("team", nil).set("enterprise", map[string]any{"id": "E0OTHER"}))
		}, fullMembers},
		{"another app", tampered("api_app_id", "A0OTHER"), ""},
		{"no app", tampered("api_app_id", nil), ""},
	}
}

func TestNobodyApprovesWhoMayNot(t *testing.T) {
	t.Parallel()
	playAttacks(t, append(impostors(), []attack{
		{"an approver who is suspended in the directory", func(s *scene) {
			time.Sleep(6 * time.Minute) // Until what the directory said before is not believed any more.
			s.dir.suspend("mona")
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "account is not active"},
		{"an approver who was made a guest", func(s *scene) {
			u, _ := s.sim.User(slackOf("mona"))
			u.Guest = true
			s.sim.UpdateUser(u)
			s.settle()
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, fullMembers},
	}...))
}

// forgeries are clicks whose contents were tampered with.
func forgeries() []attack {
	value := func(v any) func(*scene) {
		return func(s *scene) { s.send(s.press("mona", actionApprove).set("actions.0.value", v)) }
	}
	tampered := func(path string, v any) func(*scene) {
		return func(s *scene) { s.send(s.press("mona", actionApprove).set(path, v)) }
	}
	action := func(id string) func(*scene) { return tampered("actions.0.action_id", id) }
	return []attack{
		{"a random request", value(testID(7)), unknownID},
		{"an empty id", value(""), oldButton},
		{"no id", value(nil), oldButton},
		{"2,000 characters", value(strings.Repeat("a", 2000)), oldButton},
		{"a path", value("../../grant/" + testID(7)[:14]), oldButton},
		{"capitals", value(strings.ToUpper(testID(7))), oldButton},
		{"an id with a NUL", value(testID(7)[:25] + "\x00"), oldButton},
		{"an id with a forged user", value(testID(7) + "/u-mona"), oldButton},
		{"a number", value(7), ""},
		{"copied to another channel", tampered("container.channel_id", "C0GENERAL"), otherCopy},
		{"copied to another message", tampered("container.message_ts", "1.000001"), otherCopy},
		{"no container", tampered("container", nil), otherCopy},
		{"an empty container", tampered("container", map[string]any{}), otherCopy},
		{"an unknown action", action("explode"), oldButton},
		{"no action id", action(""), oldButton},
		{"an action of a form", action(actionEntitlement), ""},
		{"a suggestion of a form", action(actionSuggestion + "_1"), ""},
		{"an action of the Home tab", action(actionPage), ""},
		{"a search of the Home tab", action(actionHomeSearch), ""},
		{"a link", action(actionLink), ""},
		{"a choice of a dialog", action(actionHolder), ""},
		{"a menu without a choice", action(actionAdmin), oldButton},
		{"no actions", tampered("actions", nil), ""},
		{"an empty list of actions", tampered("actions", []any{}), ""},
		{"a null among the actions", tampered("actions", []any{nil}), ""},
		{"actions that are no list", tampered("actions", "approve"), ""},
		{"a type that does not exist", tampered("type", "telepathy"), ""},
		{"no type", tampered("type", nil), ""},
		{"a response address elsewhere", func(s *scene) {
			s.send(s.press("rob", actionApprove).set("response_url", "http://evil.example/steal"))
		}, notRouted},
		{"no response address", func(s *scene) {
			s.send(s.press("rob", actionApprove).set("response_url", nil))
		}, notRouted},
		{"a message that claims to be a Home tab, by somebody else", func(s *scene) {
			s.send(s.press("rob", actionApprove).set("view", map[string]any{"type": "home", "id": "V1"}))
		}, notRouted},
		{"an approval of what only can be canceled by the requester", func(s *scene) {
			s.send(s.press("mona", actionApprove).set("actions.0.action_id", actionCancel))
		}, "Only the requester can cancel"},
		{"giving back what nobody has", func(s *scene) {
			s.send(s.press("rita", actionApprove).set("actions.0.action_id", actionRelease))
		}, "There is no access for this request"},
		{"extending what nobody has", func(s *scene) {
			s.send(s.press("rita", actionApprove).set("actions.0.action_id", actionExtend))
		}, "no access to extend"},
		{"extending somebody else's request", func(s *scene) {
			s.send(s.press("rob", actionApprove).set("actions.0.action_id", actionExtend))
		}, "not yours to see"},
		{"looking at details of somebody else", func(s *scene) {
			s.send(s.press("rob", actionApprove).set("actions.0.action_id", actionAdmin).set("actions.0.selected_option", map[string]any{"value": menuShow + ":" + string(s.id)}))
		}, "not yours to see"},
		{"an unknown shortcut", func(s *scene) {
			s.send(payload{
				"type": "shortcut", "callback_id": "explode", "team": map[string]any{"id": "T0SANDBOX"}, "api_app_id": "A0SANDBOX", "trigger_id": "1.2.3",
				"user": map[string]any{"id": slackOf("rob"), "team_id": "T0SANDBOX"}, "action_ts": "1.1",
			})
		}, "does not know this shortcut"},
		{"a shortcut by an outsider", func(s *scene) {
			s.send(payload{
				"type": "shortcut", "callback_id": callbackShortcut, "team": map[string]any{"id": "T0SANDBOX"}, "api_app_id": "A0SANDBOX", "trigger_id": "1.2.3",
				"user": map[string]any{"id": slackOf("outsider"), "team_id": "T0OTHER"}, "action_ts": "1.1",
			})
		}, ""},
	}
}

func TestAForgedButtonDecidesNothing(t *testing.T) {
	t.Parallel()
	playAttacks(t, append(forgeries(), []attack{
		{"another request of the same approver", func(s *scene) {
			other := s.asked("rob", "write")
			s.begin()
			s.send(s.press("mona", actionApprove).set("actions.0.value", string(other)))
		}, otherCopy},
		{"a request of other approvers", func(s *scene) {
			other := s.asked("rita", "pair")
			s.begin()
			s.send(s.press("mona", actionApprove).set("actions.0.value", string(other)))
		}, notRouted},
	}...))
}

func TestWhatIsOverStaysOver(t *testing.T) {
	t.Parallel()
	playAttacks(t, []attack{
		{"approving what somebody approved", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "Already approved by you"},
		{"denying what somebody approved", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.send(s.press("mona", actionDeny))
		}, "Already approved by you"},
		{"approving what somebody denied", func(s *scene) {
			s.decide("mona", s.id, access.Deny)
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "Already denied by you"},
		{"approving what was canceled", func(s *scene) {
			_, err := s.service.Cancel(s.ctx, s.person("rita"), s.id)
			s.must(err)
			s.settle()
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "was canceled by rita"},
		{"approving what expired", func(s *scene) {
			time.Sleep(3 * time.Hour)
			s.settle()
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "has expired"},
		{"canceling what was approved", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.send(s.press("rita", actionApprove).set("actions.0.action_id", actionCancel))
		}, "Already approved"},
		{"giving back what ended", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			time.Sleep(7 * time.Hour)
			s.settle()
			s.begin()
			s.send(s.press("rita", actionApprove).set("actions.0.action_id", actionRelease))
		}, "ended or is ending"},
		{"extending what ended", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			time.Sleep(7 * time.Hour)
			s.settle()
			s.begin()
			s.send(s.press("rita", actionApprove).set("actions.0.action_id", actionExtend))
		}, "cannot be extended"},
		{"giving back somebody else's access", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.send(s.press("rob", actionApprove).set("actions.0.action_id", actionRelease))
		}, "holds the access"},
		{"extending somebody else's access as its approver", func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.send(s.press("mona", actionApprove).set("actions.0.action_id", actionExtend))
		}, "Only the person who holds the access"},
		{"a dialog that was open when somebody decided", func(s *scene) {
			s.click(access.Person{Slack: access.SlackID(slackOf("mona"))}, s.ask, actionDeny)
			v := s.view(access.Person{Slack: access.SlackID(slackOf("mona"))}, "Deny")
			s.must(s.sim.SetInput(s.ctx, slackOf("mona"), v.ID, blockReason, actionReason, "No."))
			s.decide("mona", s.id, access.Approve)
			s.begin()
			_, err := s.sim.SubmitView(s.ctx, slackOf("mona"), v.ID)
			s.must(err)
		}, "Already approved by you"},
		{"an approver who is not the manager any more", func(s *scene) {
			time.Sleep(6 * time.Minute) // Until what the directory said before is not believed any more.
			s.dir.mu.Lock()
			s.dir.boss = "u-lone"
			s.dir.mu.Unlock()
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, notRouted},
		{"an approver of the step before", func(s *scene) {
			id := s.asked("rob", "two")
			s.ask = s.question(id, "mona")
			s.send(s.press("mona", actionApprove))
			s.settle()
			s.begin()
			s.send(s.press("mona", actionApprove))
		}, "You approved this request already"},
		{"an approver of the step after", func(s *scene) {
			id := s.asked("rob", "two")
			s.ask = s.question(id, "mona")
			s.begin()
			s.send(s.press("owen", actionApprove))
		}, notRouted},
		{"one person for two approvals", func(s *scene) {
			id := s.asked("rob", "pair")
			s.ask = s.question(id, "owen")
			s.send(s.press("owen", actionApprove))
			s.settle()
			if n := len(s.request(id).Decisions); n != 1 {
				s.t.Fatalf("%d decisions", n)
			}
			s.begin()
			s.send(s.press("owen", actionApprove))
		}, "You approved this request already"},
	})
}

func TestRepetitionsAndRacesDecideOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(*scene)
		want string
	}{
		"an envelope comes again": {func(s *scene) {
			d := s.send(s.press("mona", actionApprove))
			for range 4 {
				_, err := s.sim.Redeliver(s.ctx, d.EnvelopeID)
				s.must(err)
			}
		}, ""},
		"a click comes again in other envelopes": {func(s *scene) {
			p := s.press("mona", actionApprove)
			for range 4 {
				s.send(p)
			}
		}, ""},
		"a double click": {func(s *scene) {
			one, two := s.press("mona", actionApprove), s.press("mona", actionApprove)
			together(func() { s.send(one) }, func() { s.send(two) })
		}, "Already approved by you"},
		"approving and denying at once": {func(s *scene) {
			mona := access.Person{Slack: access.SlackID(slackOf("mona"))}
			s.click(mona, s.ask, actionDeny)
			v := s.view(mona, "Deny")
			s.must(s.sim.SetInput(s.ctx, slackOf("mona"), v.ID, blockReason, actionReason, "No."))
			p := s.press("mona", actionApprove)
			together(func() { s.send(p) }, func() {
				_, err := s.sim.SubmitView(s.ctx, slackOf("mona"), v.ID)
				s.must(err)
			})
		}, "Already"},
		"approving and canceling at once": {func(s *scene) {
			a, c := s.press("mona", actionApprove), s.press("rita", actionApprove).set("actions.0.action_id", actionCancel)
			together(func() { s.send(a) }, func() { s.send(c) })
		}, ""},
		"several buttons in one click": {func(s *scene) {
			p := s.press("mona", actionApprove)
			one := p["actions"].([]any)[0]
			s.send(p.set("actions", []any{one, one, nil, one}))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTown(t, nil, func(w *town) {
				s := &scene{town: w, id: w.asked("rita", "write")}
				s.ask = w.question(s.id, "mona")
				s.begin()
				c.play(s)
				s.settle()
				r := s.request(s.id)
				if r.State == access.RequestPending || len(r.Decisions) > 1 || w.tracker.opens != 1 {
					t.Errorf("%s after %d decisions, %d issues", r.State, len(r.Decisions), w.tracker.opens)
				}
				member, _ := w.dir.IsMember(w.ctx, "gwrite", "u-rita")
				if member != (r.State == access.RequestApproved) || w.dir.adds["gwrite u-rita"] > 1 {
					t.Errorf("%s, member %t, added %d times", r.State, member, w.dir.adds["gwrite u-rita"])
				}
				if got := news(s.screens, s.shown()); !strings.Contains(got, c.want) {
					t.Errorf("want %q, got:\n%s", c.want, got)
				}
			})
		})
	}
}

// together runs things at once and waits for all of them.
func together(all ...func()) {
	var work sync.WaitGroup
	for _, f := range all {
		work.Go(f)
	}
	work.Wait()
	synctest.Wait()
}
