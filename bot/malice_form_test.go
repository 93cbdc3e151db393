package bot

import (
	"fmt"
	"strings"
	"testing"

	"usher/access"
	"usher/catalog"
)

// formOf opens a form for Rob, fills it and returns what its submission carries.
func (s *scene) formOf(e catalog.EntitlementID) payload {
	s.t.Helper()
	if s.form != nil {
		return s.again(s.form)
	}
	rob := access.Person{Slack: access.SlackID(slackOf("rob"))}
	_, err := s.sim.Run(s.ctx, slackOf("rob"), "/access", "")
	s.must(err)
	v := s.view(rob, "App and role")
	s.options(rob, v, "")
	s.must(s.sim.SetInput(s.ctx, slackOf("rob"), v.ID, blockEntitlement, actionEntitlement, string(e)))
	v = s.view(rob, "Who decides")
	s.must(s.sim.SetInput(s.ctx, slackOf("rob"), v.ID, blockReason, actionReason, "Because"))
	p := s.read(s.sim.Submitted(slackOf("rob"), v.ID))
	s.settle()
	s.begin()
	return p
}

// dialogOf opens a dialog of deny for Mona and returns what its submission carries.
func (s *scene) dialogOf() payload {
	s.t.Helper()
	if s.dialog != nil {
		return s.again(s.dialog)
	}
	mona := access.Person{Slack: access.SlackID(slackOf("mona"))}
	s.click(mona, s.ask, actionDeny)
	v := s.view(mona, "Deny")
	s.must(s.sim.SetInput(s.ctx, slackOf("mona"), v.ID, blockReason, actionReason, "No."))
	p := s.read(s.sim.Submitted(slackOf("mona"), v.ID))
	s.begin()
	return p
}

// answer sends a submission and looks at the acknowledgement, for a frame has no view that it could change.
func (s *scene) answer(p payload, want string) {
	s.t.Helper()
	if d := s.send(p); s.form == nil && !strings.Contains(string(d.Ack), want) {
		s.t.Errorf("want %q, got %s", want, d.Ack)
	}
}

// tamperedForms are submissions of a request that must not be filed.
func tamperedForms() []attack {
	form := func(path string, v any, want string) func(*scene) {
		return func(s *scene) { s.answer(s.formOf("write").set(path, v), want) }
	}
	meta := func(text, want string) func(*scene) { return form("view.private_metadata", text, want) }
	chosen := "view.state.values.entitlement.entitlement.selected_option.value"
	return []attack{
		{"another version", meta(`{"v":2,"k":"x","e":"write"}`, oldForm), ""},
		{"no version", meta(`{"k":"x","e":"write"}`, oldForm), ""},
		{"an extra field", meta(`{"v":1,"k":"x","e":"write","user":"u-mona"}`, oldForm), ""},
		{"something after the metadata", meta(`{"v":1,"k":"x","e":"write"}{}`, oldForm), ""},
		{"wrong JSON", meta(`{"v":1,`, oldForm), ""},
		{"no JSON", meta("", oldForm), ""},
		{"null", meta("null", oldForm), ""},
		{"no key", meta(`{"v":1,"e":"write"}`, oldForm), ""},
		{"a long key", meta(`{"v":1,"k":"`+strings.Repeat("k", 65)+`","e":"write"}`, oldForm), ""},
		{"metadata of 10,000 characters", meta(`{"v":1,"k":"`+strings.Repeat("k", 10000)+`"}`, oldForm), ""},
		{"a request in the metadata of a path", meta(`{"v":1,"k":"x","r":"../../x"}`, oldForm), ""},
		{"a callback of no view", form("view.callback_id", "explode", oldForm), ""},
		{"the callback of denying", form("view.callback_id", callbackDeny, oldForm), ""},
		{"the callback of revoking", form("view.callback_id", callbackRevoke, oldForm), ""},
		{"the callback of revoking by name", form("view.callback_id", callbackHolder, "Please choose a person"), ""},
		{"a length that is not offered", func(s *scene) {
			s.answer(s.formOf("write").set("view.state.values.duration/write.duration.selected_option.value", "4h"), "not offered")
		}, ""},
		{"a length of a thousand years", func(s *scene) {
			s.answer(s.formOf("write").set("view.state.values.duration/write.duration.selected_option.value", "8760000h"), "not offered")
		}, ""},
		{"a negative length", func(s *scene) {
			s.answer(s.formOf("write").set("view.state.values.duration/write.duration.selected_option.value", "-1h"), "not offered")
		}, ""},
		{"a role that is not in the catalog", func(s *scene) {
			p := s.formOf("write").set(chosen, "nothing")
			s.answer(p.set("view.private_metadata", `{"v":1,"k":"x","e":"nothing"}`), "not in the catalog any more")
		}, ""},
		{"a role for others", func(s *scene) {
			p := s.formOf("write").set(chosen, "hidden")
			s.answer(p.set("view.private_metadata", `{"v":1,"k":"x","e":"hidden"}`), "You cannot ask for Git")
		}, ""},
		{"a role of a retired app", func(s *scene) {
			p := s.formOf("write").set(chosen, "old-role")
			s.answer(p.set("view.private_metadata", `{"v":1,"k":"x","e":"old-role"}`), "not in the catalog any more")
		}, ""},
		{"another role than the form was drawn for", func(s *scene) {
			s.answer(s.formOf("write").set(chosen, "auto"), "Who decides")
		}, ""},
		{"a role with a path", func(s *scene) { s.answer(s.formOf("write").set(chosen, "../write"), "choose an app and role") }, ""},
		{"a role of 2,000 characters", func(s *scene) {
			s.answer(s.formOf("write").set(chosen, strings.Repeat("w", 2000)), "choose an app and role")
		}, ""},
		{"no role", func(s *scene) {
			s.answer(s.formOf("write").set("view.state.values.entitlement", nil), "choose an app and role")
		}, ""},
		{"no state", form("view.state", nil, "choose an app and role"), ""},
		{"state that is no object", func(s *scene) { s.send(s.formOf("write").set("view.state.values", "all")) }, ""},
		{"an empty state", form("view.state.values", map[string]any{}, "choose an app and role"), ""},
		{"blank reason", form("view.state.values.reason.reason.value", " \n\t\u2003", "Please give a reason"), ""},
		{"a reason of 5,000 characters", form("view.state.values.reason.reason.value", strings.Repeat("x", 5000), "Please give a reason"), ""},
		{"a reason in another block", func(s *scene) {
			p := s.formOf("write").set("view.state.values.reason", nil)
			// Without its reason the form counts as not drawn yet and is drawn again.
			s.answer(p, "Who decides")
		}, ""},
		{"a huge state", func(s *scene) {
			values := map[string]any{}
			for i := range 10000 {
				values[fmt.Sprint("block", i)] = map[string]any{"a": map[string]any{"type": "plain_text_input", "value": "x"}}
			}
			s.answer(s.formOf("write").set("view.state.values", values), "choose an app and role")
		}, ""},
		{"no view", func(s *scene) { s.send(s.formOf("write").set("view", nil)) }, ""},
		{"a view of null", func(s *scene) { s.send(s.formOf("write").set("view.private_metadata", nil)) }, ""},
		{"sent by an outsider", func(s *scene) {
			s.answer(s.formOf("write").set("user", map[string]any{"id": slackOf("outsider"), "team_id": "T0OTHER"}), fullMembers)
		}, ""},
		{"sent by a guest", func(s *scene) {
			s.answer(s.formOf("write").set("user.id", slackOf("guest")), fullMembers)
		}, ""},
		{"sent by nobody", form("user", nil, fullMembers), ""},
		{"sent to another app", form("api_app_id", "A0OTHER", ""), ""},
		{"sent in another workspace", form("team.id", "T0OTHER", fullMembers), ""},
	}
}

func TestATamperedFormFilesNothing(t *testing.T) {
	t.Parallel()
	playAttacks(t, tamperedForms())
}

// holder is the dialog by which somebody revokes what another holds.
func holder(who, grant, reason string) payload {
	return payload{
		"type": "view_submission", "api_app_id": "A0SANDBOX", "team": map[string]any{"id": "T0SANDBOX"}, "trigger_id": "1.2.x",
		"user": map[string]any{"id": slackOf(who), "team_id": "T0SANDBOX"},
		"view": map[string]any{"id": "V1", "type": "modal", "callback_id": callbackHolder, "state": map[string]any{"values": map[string]any{
			blockHolder:                        map[string]any{actionHolder: map[string]any{"type": "users_select", "selected_user": slackOf("rita")}},
			blockGrant + "/" + slackOf("rita"): map[string]any{actionGrant: map[string]any{"type": "static_select", "selected_option": map[string]any{"value": grant}}},
			blockReason:                        map[string]any{actionReason: map[string]any{"type": "plain_text_input", "value": reason}},
		}}},
	}
}

// tamperedDialogs are submissions of dialogs that must deny and end nothing.
func tamperedDialogs() []attack {
	dialog := func(path string, v any, want string) func(*scene) {
		return func(s *scene) { s.answer(s.dialogOf().set(path, v), want) }
	}
	return []attack{
		{"denying by somebody else", dialog("user.id", slackOf("rob"), notRouted), ""},
		{"denying by the requester", dialog("user.id", slackOf("rita"), ownRequest), ""},
		{"denying by an outsider", func(s *scene) {
			s.answer(s.dialogOf().set("user", map[string]any{"id": slackOf("outsider"), "team_id": "T0OTHER"}), fullMembers)
		}, ""},
		{"denying without a reason", dialog("view.state.values.reason.reason.value", "  ", "Please say why"), ""},
		{"denying with 5,000 characters", dialog("view.state.values.reason.reason.value", strings.Repeat("x", 5000), "too long"), ""},
		{"denying without a state", dialog("view.state", nil, "Please say why"), ""},
		{"denying what is not named", dialog("view.private_metadata", `{"v":1}`, oldForm), ""},
		{"denying what nobody knows", dialog("view.private_metadata", `{"v":1,"r":"`+testID(7)+`"}`, unknownID), ""},
		{"denying at another message", func(s *scene) {
			s.answer(s.dialogOf().set("view.private_metadata", `{"v":1,"r":"`+string(s.id)+`","m":{"channel":"C1","ts":"1.1"}}`), otherCopy)
		}, ""},
		{"denying as if it were revoking", dialog("view.callback_id", callbackRevoke, oldForm), ""},
		{"denying as if it were the form", dialog("view.callback_id", callbackForm, oldForm), ""},
		{"revoking a request", func(s *scene) {
			s.answer(s.dialogOf().set("view.callback_id", callbackRevoke).set("view.private_metadata", `{"v":1,"g":"`+string(s.id)+`"}`), "There is no access")
		}, ""},
		{"revoking what nobody knows", func(s *scene) { s.answer(holder("owen", testID(7), "because"), unknownID) }, ""},
		{"revoking a path", func(s *scene) { s.answer(holder("owen", "../../x", "because"), "Choose somebody who holds something") }, ""},
		{"revoking with a forged holder in the metadata", func(s *scene) {
			s.answer(holder("rob", string(s.id), "because").set("view.private_metadata", `{"v":1,"h":true}`), "There is no access")
		}, ""},
	}
}

func TestATamperedDialogEndsNothing(t *testing.T) {
	t.Parallel()
	revoking := func(who, reason, want string) func(*scene) {
		return func(s *scene) {
			s.decide("mona", s.id, access.Approve)
			s.begin()
			s.answer(holder(who, string(s.id), reason), want)
		}
	}
	playAttacks(t, append(tamperedDialogs(), []attack{
		{"revoking without the right to", revoking("rob", "because", "Only an owner of Git or an admin"), ""},
		{"revoking one's own as if by right", revoking("rita", "because", "Only an owner of Git or an admin"), ""},
		{"revoking by an approver", revoking("mona", "because", "Only an owner of Git or an admin"), ""},
		{"revoking by a guest", revoking("guest", "because", fullMembers), ""},
		{"revoking without a reason", revoking("owen", " ", "Please say why"), ""},
		{"revoking with 5,000 characters", revoking("owen", strings.Repeat("x", 5000), "too long"), ""},
	}...))
}

func TestSearchesTellNothingToStrangers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ user, team, action, want string }{
		"an outsider":          {"outsider", "T0OTHER", actionEntitlement, ""},
		"a guest":              {"guest", "T0SANDBOX", actionEntitlement, ""},
		"another select":       {"rob", "T0SANDBOX", "else", ""},
		"a member":             {"rob", "T0SANDBOX", actionEntitlement, "git"},
		"a member on the Home": {"rob", "T0SANDBOX", actionHomeSearch, "git"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTown(t, nil, func(w *town) {
				d, err := w.sim.Send(w.ctx, "interactive", payload{
					"type": "block_suggestion", "api_app_id": "A0SANDBOX", "team": map[string]any{"id": "T0SANDBOX"}, "action_id": c.action, "block_id": "b", "value": "",
					"user": map[string]any{"id": slackOf(c.user), "team_id": c.team}, "view": map[string]any{"id": "V1", "type": "modal"},
				})
				w.must(err)
				if !d.Acked || strings.Contains(string(d.Ack), "hidden") || strings.Contains(string(d.Ack), "old-role") {
					t.Errorf("%t %s", d.Acked, d.Ack)
				}
				if found := strings.Contains(string(d.Ack), `"write"`); found != (c.want != "") || len(d.Ack) == 0 {
					t.Errorf("%s", d.Ack)
				}
			})
		})
	}
}

func TestCommandsOfStrangersOpenNothing(t *testing.T) {
	t.Parallel()
	command := func(change func(payload)) func(*scene) {
		return func(s *scene) {
			p := s.read(s.sim.Typed(slackOf("rob"), "/access", ""))
			change(p)
			d, err := s.sim.Send(s.ctx, "slash_commands", p)
			s.must(err)
			if !d.Acked {
				s.t.Error("not acknowledged")
			}
		}
	}
	playAttacks(t, []attack{
		{"another team", command(func(p payload) { p.set("team_id", "T0OTHER") }), fullMembers},
		{"another app", command(func(p payload) { p.set("api_app_id", "A0OTHER") }), fullMembers},
		{"a guest", command(func(p payload) { p.set("user_id", slackOf("guest")) }), fullMembers},
		{"nobody", command(func(p payload) { p.set("user_id", "") }), fullMembers},
		{"another command", command(func(p payload) { p.set("command", "/sudo") }), "answers to /access only"},
		{"a trigger of nobody", command(func(p payload) { p.set("trigger_id", "1.2.3") }), "took too long"},
		{"no response address", command(func(p payload) { p.set("response_url", nil).set("team_id", "T0OTHER") }), ""},
		{"an address elsewhere", command(func(p payload) { p.set("response_url", "http://evil.example/").set("team_id", "T0OTHER") }), ""},
	})
}
