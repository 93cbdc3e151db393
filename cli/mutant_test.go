package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is a mistake that somebody could make, and the test that must notice it.
type mutant struct {
	name, file, old, new string
	run                  string // The test that must fail,
	says                 string // and what it must say.
}

func mutants() []mutant {
	return []mutant{
		{
			"skip the read-back of an addition", "access/effects.go",
			"\tif err := r.readBack(ctx, p, e, true); err != nil {\n\t\treturn r.doubt(ctx, e, member, err)\n\t}\n", "",
			"TestADayInACompany$", "invariant 3",
		},
		{
			"skip the read-back of a removal", "access/effects.go",
			"\tif err := r.readBack(ctx, p, e, false); err != nil {\n\t\treturn err\n\t}\n", "",
			"TestADayInACompany$", "invariant 3",
		},
		{
			"forget a lease", "access/decide_grant.go",
			"m.Leases = append(m.Leases, g.ID)", "_ = g.ID",
			"TestADayInACompany$", "invariant 10",
		},
		{
			"remove what was there before", "access/decide_grant.go",
			"\t\tm.Preexisting = true\n", "\t\tm.Given = true\n",
			"TestADayInACompany$", "invariant 10",
		},
		{
			"trust a status: not found means removed", "access/effects.go",
			"\t\treturn true, r.reallyGone(ctx, p, e, k)\n", "\t\treturn true, nil\n",
			"TestNotFoundIsNoProofOfAbsence", "invariant 2",
		},
		{
			"create again without looking", "access/effects.go",
			"rec.Request.Requester.Account, rec.Again = account, before > 0", "rec.Request.Requester.Account, rec.Again = account, before < 0",
			"TestCrashAtEveryPointLosesAndDoublesNothing/lost_open#1$", "invariant 5",
		},
		{
			"comment again without looking", "access/effects.go",
			"\trec.Again = e.again()\n", "",
			"TestCrashAtEveryPointLosesAndDoublesNothing/lost_mirror#1$", "invariant 3",
		},
		{
			"post again without looking", "access/effects.go",
			"\t\tm.Again = e.again()\n", "",
			"TestCrashAtEveryPointLosesAndDoublesNothing/lost_send_ask#1$", "", // Two copies, or a click on the one that is not known.
		},
		{
			"prolong an end because the clock jumped back", "access/service.go",
			"\t\tnow = ahead\n", "",
			"TestClockJumpsProlongNothingAndRepeatNothing/active-1h0m0s$", "held for",
		},
		{
			"let anybody decide", "access/decide_request.go",
			"routed := slices.ContainsFunc(c.Allowed, c.By.Is)", "routed := true",
			"TestNobodyElseDecides", "invariant 4",
		},
		{
			"give access before there is a record", "access/decide_request.go",
			"\tif r.Issue.Key == \"\" {\n\t\treturn nil\n\t}\n\treturn t.begin()", "\treturn t.begin()",
			"TestADayInACompany$", "",
		},
		{
			"forget what was pending when the program starts", "access/sweep.go",
			"\ts.runner.add(effects)\n", "\t_ = effects\n",
			"TestCrashAtEveryPointLosesAndDoublesNothing/after_commit_inspected#1$", "never came about",
		},
		{
			"keep what is done on the list", "access/outcome.go",
			"\t\treturn tx.DropEffect(e.ID)\n", "\t\treturn nil\n",
			"TestADayInACompany$", "never came about: nothing is left to do",
		},
		{
			"break the chain of evidence", "access/decide.go",
			"Prev: r.Head,", "Prev: \"\",",
			"TestADayInACompany$", "invariant 6",
		},
		{
			"take the least dangerous first", "access/queue.go",
			"cmp.Compare(y.Rank, x.Rank)", "cmp.Compare(x.Rank, y.Rank)",
			"TestAStormIsTakenInTheOrderOfDanger", "less dangerous",
		},
		{
			"let removals starve everything else", "access/queue.go",
			"t.turn%otherTurn == 0", "false",
			"TestAStormIsTakenInTheOrderOfDanger", "an approved access was given after",
		},
		{
			"tell news by changing a message", "access/effects.go",
			"if m.Chapter > st.Request.Chapter {", "if m.Chapter > ChapterTaken {",
			"TestADayInACompany$", "nobody was notified",
		},
		{
			"leave two messages that look true", "access/decide_request.go",
			"\t\t\tr.Outdated = append(slices.Clone(r.Outdated), old)\n", "",
			"TestADayInACompany$", "is there twice",
		},
		{
			"lose the approval steps", "access/submit.go",
			"Because: route.Because, Steps: route.Steps}", "Because: route.Because}",
			"TestADayInACompany$", "invariant 4",
		},
		{
			"lose the second step", "access/submit.go",
			"Because: route.Because, Steps: route.Steps}", "Because: route.Because, Steps: route.Steps[:min(1, len(route.Steps))]}",
			"TestADayInACompany$", "invariant 4",
		},
		{
			"give another group than the role's", "access/submit.go",
			"Groups: slices.Clone(e.Groups),", "Groups: slices.Clone(e.App.Entitlements[0].Groups),",
			"TestADayInACompany$", "invariant 1",
		},
		{
			"give twenty minutes more than was asked for", "access/submit.go",
			"\tp.request.Role = roleOf(e, p.request.Duration)\n", "\tp.request.Role = roleOf(e, p.request.Duration)\n\tp.request.Duration += catalog.Duration(20 * time.Minute)\n",
			"TestADayInACompany$", "invariant 2",
		},
		{
			"let requests wait longer than the catalog says", "access/submit.go",
			"s.Now().Add(e.Deadline)", "s.Now().Add(e.Deadline + 9*time.Hour)",
			"TestADayInACompany$", "invariant 4",
		},
		{
			"take who has left for present", "idp/okta/users.go",
			"\t\treturn idp.Departed\n", "\t\treturn idp.Active\n",
			"TestAnApproverWhoHasLeftDecidesNothing", "invariant 4",
		},
		{
			"acknowledge a click and drop it", "bot/handle_action.go",
			"func (b *Bot) approve(ctx context.Context, k click) error {\n",
			"var dropped int\n\nfunc (b *Bot) approve(ctx context.Context, k click) error {\n\tif dropped++; dropped == 2 {\n\t\treturn nil\n\t}\n",
			"TestADayInACompany$", "invariant 7",
		},
		{
			"sum neither text nor facts nor actor", "access/event.go",
			"\te.Hash = \"\"\n", "\te.Hash, e.Facts, e.Text, e.Actor = \"\", nil, \"\", Person{}\n",
			"TestADayInACompany$", "invariant 6",
		},
		{
			"tell nobody of what the policy approves", "access/decide_request.go",
			"func (t *turn) statusOf(r *Request) {\n", "func (t *turn) statusOf(r *Request) {\n\tif r.Automatic() {\n\t\treturn\n\t}\n",
			"TestADayInACompany$", "invariant 3",
		},
		{
			"remove again without looking", "access/effects.go",
			"already(ctx, p, e, false)", "false",
			"TestCrashAtEveryPointLosesAndDoublesNothing/lost_remove#1$", "invariant 8",
		},
		{
			"take access away when its end comes near", "access/decide_end.go",
			"\tg.Notices++\n\tt.notify()\n\treturn nil\n", "\tg.Notices++\n\treturn t.revoke(EndExpired, Person{}, \"\")\n",
			"TestADayInACompany$", "invariant 2",
		},
		{
			"renew a membership while it is given", "access/effects.go",
			"\tr.s.crashAt(\"after add\")\n",
			"\t_ = p.RemoveMember(ctx, idp.GroupID(e.Group.ID), e.User)\n\t_ = p.AddMember(ctx, idp.GroupID(e.Group.ID), e.User)\n",
			"TestADayInACompany$", "invariant 9",
		},
		{
			"leave the deadline of what was decided", "access/decide_request.go",
			"\tt.clear(TimerDeadline, r.ID)\n\ttext, facts := ", "\ttext, facts := ",
			"TestADayInACompany$", "invariant 11",
		},
		{
			"leave goroutines behind", "access/effects.go",
			"\tr.s.crashAt(\"after remove\")\n", "\tgo func() {\n\t\tfor {\n\t\t\ttime.Sleep(time.Hour)\n\t\t}\n\t}()\n",
			"TestADayInACompany$", "blocked goroutines remain",
		},
		{
			"tell nobody that the end comes", "access/decide_grant.go",
			"n > 0 && g.DueAt.Add(-n).After(t.now)", "n < 0 && g.DueAt.Add(-n).After(t.now)",
			"TestADayInACompany$", "nobody was told of the end",
		},
		{
			"tell too early that the end comes", "access/submit.go",
			"Notice: e.Notice(d),", "Notice: 2 * e.Notice(d),",
			"TestADayInACompany$", "that was due from",
		},
		{
			"tell another end than the real one", "bot/view_status.go",
			"role+\": active\", g.DueAt\n", "role+\": active\", g.DueAt.Add(time.Hour)\n",
			"TestADayInACompany$", "should say \"Until",
		},
		{
			"ask approvers without the reason", "bot/view_ask.go",
			"quote(\"Reason given by \"+r.Requester.String(), r.Justification)", "quote(\"Reason given by \"+r.Requester.String(), r.Role.Description)",
			"TestADayInACompany$", "should say \"Reason given by",
		},
		{
			"say that access has ended before it has", "bot/view_status.go",
			"role+\": is ending\"", "role+\": ended\"",
			"TestAVendorGoneForAnHourDelaysOnly/okta_down$", "what came about at",
		},
		{
			"write another length on the issue", "jira/body.go",
			"line(\"How long\", length)", "line(\"How long\", \"1 hour\")",
			"TestADayInACompany$", "should say \"How long",
		},
		{
			"name the first step alone on the issue", "jira/body.go",
			"range r.Policy.Steps {", "range r.Policy.Steps[:min(1, len(r.Policy.Steps))] {",
			"TestADayInACompany$", "names the steps",
		},
		{
			"write another reason on the issue", "jira/body.go",
			"escape(strings.TrimSpace(r.Justification),", "escape(strings.TrimSpace(r.Role.Description),",
			"TestADayInACompany$", "gives the reason",
		},
		{
			"tell an approval as somebody else's", "access/decide_request.go",
			"text = by.String() + \" approved.\"", "text = r.Requester.String() + \" approved.\"",
			"TestADayInACompany$", "nobody of that name did",
		},
		{
			"have the issue active before the access is", "access/home.go",
			"\tcase GrantProvisioning:\n\t\treturn IssueApproved\n", "\tcase GrantProvisioning:\n\t\treturn IssueActive\n",
			"TestEachFaultThatLasts.*/okta_group.member.add_error_500_asking_10m0s$", "the request had not",
		},
		{
			"show another end on the Home tab", "bot/view_home.go",
			"left*\", \"until \"+when(d))", "left*\", \"until \"+when(d.Add(time.Hour)))",
			"TestADayInACompany$", "the Home tab of",
		},
		{
			"keep an open Home tab as it was", "bot/homes.go",
			"<= homeOpen {", "<= time.Second {",
			"TestAnOpenHomeTabShowsTheEnd$", "drawn at",
		},
		{
			"ask again though Slack said when", "access/failure.go",
			"\t\t\tf.wish = now.Add(te.RetryAfter)\n", "\t\t\tf.wish = now\n",
			"TestEachFaultOfEachCall.*/slack_chat.postMessage_rate_limit$", "to wait until",
		},
		{
			"ask about a leaver only once", "access/leaver.go",
			"func(tx Tx) error { return tx.SetTimer(next) }", "func(tx Tx) error { return tx.ClearTimer(next.ID) }",
			"TestALeaverLosesEverythingWhenTheDirectoryAnswersAgain/an_hour$", "she is still a member",
		},
		{
			"give up what has failed ten times", "access/runner.go",
			"\tif f.final {\n\t\tif c :=", "\tif f.final || e.Attempts >= 10 {\n\t\tif c :=",
			"TestEachFaultThatLasts.*/okta_group.member.add_error_500_asking_10m0s$", `the grant is "failed"`,
		},
	}
}

// coreMutants are mistakes that need a moment which no day in a company has; the tests of the core itself notice them.
func coreMutants() []mutant {
	return []mutant{
		{
			"take a refusal for a removal", "access/failure.go",
			"\tcase EffectOpen, EffectMirror, EffectRemove, EffectRoute:\n", "\tcase EffectRemove:\n\t\treturn removed{Group: e.Group}\n",
			"TestARemovalThatIsRefusedForGoodIsNeverDone/invalid", "the grant is ended",
		},
		{
			"believe a directory that knows nothing", "access/effects.go",
			"\tif err := r.s.knowsAnother(ctx, p, e); err != nil {\n\t\treturn err\n\t}\n", "",
			"TestADirectoryThatKnowsNothingIsNotBelieved", "the grant is ended",
		},
		{
			"say nothing of a removal whose answer was lost", "access/effects.go",
			"if needed && !e.again() {", "if needed {",
			"TestARemovalWithoutAnAnswerIsToldAsItWas", "told as removed 0 times",
		},
		{
			"let an addition outlive its grant", "access/giveup.go",
			"\t\t\tclose(over)\n", "",
			"TestAnAdditionThatWaitsIsGivenUpWithItsGrant", "the grant is provisioning",
		},
		{
			"tell a removal of what was never added", "access/decide_end.go",
			"\tcase MetNever:\n\t\ttext", "\tcase \"no\":\n\t\ttext",
			"TestAnAdditionThatWaitsIsGivenUpWithItsGrant", "the record says: Removed",
		},
		{
			"let a denial of the second step pass", "access/decide_request.go",
			"if c.Verdict == Deny {", "if c.Verdict == Deny && r.Step == 0 {",
			"TestADenialAtAnyStepDeniesTheRequest", "the request is pending",
		},
		{
			"take a late read for a membership from before", "access/decide_grant.go",
			"t.now.Sub(m.RemovedAt) < lateRead", "false",
			"TestAReadRightAfterARemovalIsLateAndNotFromBefore", "from before true",
		},
		{
			"leave the facts out of the sum", "access/event.go",
			"\te.Hash = \"\"\n", "\te.Hash, e.Facts = \"\", nil\n",
			"TestWhateverIsAlteredInAnEventBreaksTheChain", "the sum stays the same",
		},
	}
}

// clickMutants are mistakes that only clicks at the same moments show.
func clickMutants() []mutant {
	return []mutant{{
		"take a click on one step for the next", "access/decide_request.go",
		"\tcase c.Step != r.Step:\n", "\tcase false:\n",
		"TestAttacksAmongHonestClicksDecideNothing", "nobody who may did this",
	}}
}

// The batteries are worth what they would notice: each mistake is built into the product, and its test must fail.
func TestEverySeededMistakeIsNoticed(t *testing.T) {
	t.Parallel()
	if raceDetector {
		t.Log("beside the race detector only the batteries themselves run; make test plays this without it")
		return
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	play := func(m mutant, where string) {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-overlay", m.build(t, root), "-run", m.run, where)
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "USHER_BATTERY=", "USHER_BATTERY_STATE=") // What has passed must be played again.
			out, err := cmd.CombinedOutput()
			switch {
			case err == nil:
				t.Errorf("nobody noticed:\n%s", out)
			case strings.Contains(string(out), "[build failed]"), strings.Contains(string(out), "[setup failed]"), strings.Contains(string(out), "no tests to run"):
				t.Errorf("the mistake cannot be made like that any more:\n%s", out)
			case !strings.Contains(string(out), m.says):
				t.Errorf("noticed, but not by %q:\n%s", m.says, out)
			}
		})
	}
	for _, m := range mutants() {
		play(m, "./cli")
	}
	for _, m := range coreMutants() {
		play(m, "./access")
	}
	for _, m := range clickMutants() {
		play(m, "./bot")
	}
}

// build writes the file with the mistake in it and an overlay that puts it in the place of the real one.
func (m mutant) build(t *testing.T, root string) string {
	t.Helper()
	path := filepath.Join(root, m.file)
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(source), m.old) != 1 {
		t.Fatalf("%s holds %q %d times, want once", m.file, m.old, strings.Count(string(source), m.old))
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(map[string]any{"Replace": map[string]string{path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}
