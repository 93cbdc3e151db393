package bot

import (
	"regexp"
	"strings"
	"testing"

	"usher/access"
	"usher/catalog"
)

// hostile are texts that people type by mischief or by accident.
func hostile() map[string]string {
	return map[string]string{
		"empty":          "",
		"blank":          " \n\t ",
		"channel":        "<!channel> <!here> <!everyone> <!subteam^S123>",
		"mention":        "<@U1BOB> <#C1GENERAL>",
		"masked link":    "<https://evil.example|Approve>",
		"fake date":      "<!date^1^{date}|never>",
		"entities":       "&lt;!channel&gt; &amp; <",
		"formatting":     "*Approved* by _Bob_ ~never~ `code` ```block```",
		"quote":          "> Approved by Bob\n>>> all of it",
		"lines":          "one\ntwo\r\nthree\u2028four",
		"right to left":  "مرحبا שלום",
		"reading turned": "\u202Edeined\u202C \u2066x\u2069 \u200Ey",
		"emoji":          strings.Repeat("👩‍👩‍👧‍👦", 100),
		"colon emoji":    ":white_check_mark: approved",
		"emoji by name":  ":skull: x:skull:y :skull::skull: :skull",
		"control":        "a\x00b\x07c\x1b[31m",
		"terminal":       "\x1b]0;owned\x07\x1b[2J\x1b[1;31mApproved\x1b[0m \u009b31m",
		"unseen only":    "\u200b\u200d\u2060\ufeff\u00ad",
		"unseen letters": "\u3164\u115f\u1160\uffa0\u2800",
		"unseen between": "App\u200bro\u2060ved\u00ad by\u180e B\u034fob",
		"tags":           "ok\U000E0041\U000E0042\U000E007F",
		"annotations":    "\ufff9shown\ufffahidden\ufffb",
		"other blanks":   "a\u00a0b\u2003c\u202fd\u3000e\u2028f\u2029g\u0085h",
		"marks":          "d" + strings.Repeat("\u0336", 500) + "enied" + strings.Repeat("\u0489\u0301", 200),
		"isolates":       "\u2067deined\u2069\u061c\u206a",
		"look-alike":     "needed\n\n*Decision*\n:white_check_mark: Approved by Bob\n[Approve] [Deny…]",
		"markdown":       "# Approved\n[Approve](https://evil.example) ![x](https://evil.example/x.png) <b>bold</b> |a|b|",
		"template":       "{{.Secret}} ${HOME} %s %d %!d(MISSING) {0}",
		"surrogates":     "\xed\xa0\x80\xed\xb0\x80 \xf4\x90\x80\x80",
		"five thousand":  strings.Repeat("<!channel> ", 455),
		"endless word":   strings.Repeat("W", 5000),
		"endless lines":  strings.Repeat("x\n", 2500),
		"not utf-8":      "a\xff\xfeb",
		"long":           strings.Repeat("x", 3000),
		"long word pair": strings.Repeat("ampersand & ", 300),
		"long wide":      strings.Repeat("😀", 3000),
		"json":           `","type":"mrkdwn","text":"`,
		"csv":            "=HYPERLINK(\"https://evil.example\",\"Approve\")",
		"url":            "https://evil.example/approve?x=1",
		"wide":           strings.Repeat("&", 3000),
	}
}

// poisoned are all views with the text in every place that somebody else than the catalog's authors fills, and in the
// catalog's as well.
func poisoned(s string) map[string]any {
	p := access.Person{User: "00umallory", Slack: "U1MALLORY", Name: s, Email: "m@example.com"}
	role := access.Role{AppName: s, EntitlementName: s, Entitlement: "x", Description: s, Risk: catalog.Risk(s)}
	r := pendingRequest(1)
	r.Requester, r.Subject, r.Title, r.Department, r.Role, r.Justification, r.Trouble = p, p, s, s, role, s, s
	r.Policy.Because, r.Policy.Rule, r.Asks = s, s, []access.Ask{{Approver: p}}
	r.Issue = access.Issue{Key: s, URL: "https://example.atlassian.net/browse/" + strings.Map(printable, s)}
	done := ended(r, access.RequestApproved, access.Decision{By: p, Verdict: access.Approve, Reason: s, At: noon()})
	denied := ended(r, access.RequestDenied, access.Decision{By: p, Verdict: access.Deny, Reason: s, At: noon()})
	g := grantIn(1, access.GrantActive)
	g.Subject, g.Role, g.Trouble, g.Failure, g.EndNote, g.EndedBy = p, role, s, s, s, p
	over := g
	over.State, over.EndReason = access.GrantEnded, access.EndRevoked
	failed := g
	failed.State = access.GrantFailed
	preview := &access.Preview{Role: role, Durations: []catalog.Duration{hour}, Duration: hour, Because: s, Steps: []access.PreviewStep{{People: []access.Person{p, p}, Quorum: 2}}}
	say := func(k access.MessageKind, r access.Request, g *access.Grant) message {
		return render(access.Message{Kind: k, To: p, Request: r, Grant: g, Open: r.State == access.RequestPending, Extension: access.ExtensionOffer{Why: s}})
	}
	home := access.Home{
		Person: p, Admin: true, Now: noon(), Grants: []access.HomeGrant{{Grant: g, Issue: r.Issue}}, Pending: []access.Request{r},
		Decisions: []access.Request{r}, Recent: []access.HomeRecent{{Request: denied}, {Request: done, Grant: &over}}, Overdue: []access.Grant{g},
		Failures: []access.Failure{{Effect: access.Effect{Kind: "add", Target: s, Request: r.ID, Grant: g.ID, LastError: s}, Role: role, Person: p, Issue: r.Issue}},
	}
	return map[string]any{
		"form":        formView(form{Meta: meta{Key: "k"}, Role: &role, Preview: preview, Alert: s, Reason: s}),
		"suggestions": formView(form{Words: s, Suggestions: []access.Choice{{Entitlement: "x", Role: role}}}),
		"no hit":      formView(form{Words: s}),
		"filed":       filedView(r), "deny": denyView(meta{}, &r), "revoke": revokeView(meta{}, &r, &g), "details": stateView(r, &g),
		"ask": say(access.MessageAsk, r, nil), "ask denied": say(access.MessageAsk, denied, nil), "ask done": say(access.MessageAsk, done, &g),
		"status": say(access.MessageStatus, r, nil), "status denied": say(access.MessageStatus, denied, nil),
		"status active": say(access.MessageStatus, done, &g), "status over": say(access.MessageStatus, done, &over),
		"status failed": say(access.MessageStatus, done, &failed), "notice": say(access.MessageNotice, done, &g),
		"home": homeView(home, nil), "sentence": sentenceView(s, s), "ephemeral": sentenceMessage(s), "home sentence": homeSentence(s),
	}
}

func printable(r rune) rune {
	if r < ' ' || r == 0xFFFD {
		return -1
	}
	return r
}

func TestHostileTextsStayTexts(t *testing.T) {
	t.Parallel()
	// The only angle brackets that Usher itself writes.
	own := regexp.MustCompile(`<!date\^\d+\^\{date_short_pretty\} \{time\}\|[^<>|]*>|<https://example\.atlassian\.net/browse/[^<>|]*\|[^<>]*>`)
	for name, s := range hostile() {
		for view, v := range poisoned(s) {
			t.Run(name+" in "+view, func(t *testing.T) {
				t.Parallel()
				checkRelations(t, v)
				var marked []string
				walkJSON(decoded(t, v), func(o map[string]any) {
					if text, ok := o["text"].(string); ok && (o["type"] == "mrkdwn" || o["blocks"] != nil) {
						marked = append(marked, text)
					}
				})
				for _, text := range marked {
					if rest := own.ReplaceAllString(text, ""); strings.ContainsAny(rest, "<>") {
						t.Errorf("something is interpreted: %q", rest)
					}
				}
				for _, text := range marked {
					if strings.Contains(own.ReplaceAllString(text, ""), ":skull:") {
						t.Errorf("an emoji is drawn: %q", text)
					}
				}
				all := shown(t, v)
				if strings.ContainsAny(all, "\u202E\u202C\u2066\u2067\u2069\u206a\u061c\x00\x1b\u009b\u2060\u00ad\u180e\u034f\u3164\u2800\u2028\u2029\U000E0041\ufff9") {
					t.Errorf("signs that change the reading are left in %q", all)
				}
				if strings.Contains(all, strings.Repeat("\u0336", marksMax+1)) {
					t.Error("marks reach into other lines")
				}
				walkJSON(decoded(t, v), func(o map[string]any) {
					text, ok := o["text"].(string)
					if ok && clean(text) == "" {
						t.Errorf("a text of which nothing is seen: %q", text)
					}
					if o["type"] == "plain_text" && o["emoji"] != false {
						t.Errorf("emoji are drawn in %q", text)
					}
				})
			})
		}
	}
}

func TestHostileTextsSatisfyTheVendorsSchema(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	for name, s := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, v := range poisoned(s) {
				j.judge(t, v)
			}
		})
	}
}

func TestWhatSomebodyTypedIsShownLetterByLetter(t *testing.T) {
	t.Parallel()
	const typed = "Fix *it* <!channel> & `x`\nsecond line"
	r := pendingRequest(1)
	r.Justification = typed
	found := false
	walkJSON(decoded(t, askMessage(access.Message{To: bob(), Request: r, Open: true})), func(o map[string]any) {
		found = found || (o["type"] == "text" && o["text"] == typed)
	})
	if !found {
		t.Error("the reason is not shown as it was typed")
	}
}

// The whole way: such texts typed into a form, as names in the directory and as the reason of a denial, shown by a Slack
// that refuses what is malformed.
func TestHostileTextsTravelTheWholeWay(t *testing.T) {
	t.Parallel()
	for name, s := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inTown(t, nil, func(w *town) { travel(w, s) })
		})
	}
}

func travel(w *town, s string) {
	w.t.Helper()
	w.dir.mu.Lock()
	for id, u := range w.dir.users {
		u.Name, u.Title, u.Department = s, s, s
		w.dir.users[id] = u
	}
	w.dir.mu.Unlock()
	reason := string([]rune("x " + strings.ToValidUTF8(s, "?"))[:min(len([]rune(strings.ToValidUTF8(s, "?")))+2, access.JustificationSize)])
	mona, rita := access.Person{Slack: access.SlackID(slackOf("mona"))}, access.Person{Slack: access.SlackID(slackOf("rita"))}
	r, err := w.service.Submit(w.ctx, access.Draft{By: w.person("rita"), Entitlement: "write", Duration: access.NotChosen, Justification: reason})
	w.must(err)
	w.settle()
	m := w.question(r.ID, "mona")
	for _, who := range []access.Person{mona, rita} {
		w.must(w.sim.OpenHome(w.ctx, id(who)))
		w.homeTab(id(who), "Your access", "Write")
	}
	w.click(mona, m, actionDeny)
	v := w.view(mona, "Why not?")
	w.must(w.sim.SetInput(w.ctx, id(mona), v.ID, blockReason, actionReason, reason))
	got, err := w.sim.SubmitView(w.ctx, id(mona), v.ID)
	w.must(err)
	if !got.Closed {
		w.t.Errorf("the dialog is still open: %v %s", got.Errors, got.Delivery.Ack)
	}
	w.settle()
	w.message(id(rita), "denied")
	if after := w.request(r.ID); after.State != access.RequestDenied || after.Trouble != "" {
		w.t.Errorf("%s %s", after.State, after.Trouble)
	}
	for _, c := range w.sim.Calls() {
		if c.Status >= 400 || strings.Contains(c.Reply, `"ok":false`) {
			w.t.Errorf("Slack refused %s: %s", c.Name, c.Reply)
		}
	}
}

func TestAReasonOfWhichNothingIsSeenIsNone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " \n", "\u200b\u2060", "\u3164", "\u200d", "\x00\x1b"} {
		in := chosen{entitlement: "x", hasReason: true, reason: s}
		if wrongReason(s) == "" || len(in.wrong()) == 0 {
			t.Errorf("%q is a reason", s)
		}
	}
	for _, s := range []string{"x", "می\u200cخواهم", "👩\u200d👩\u200d👧", "e\u0301"} {
		if wrongReason(s) != "" || clean(s) != s {
			t.Errorf("%q is none, or became %q", s, clean(s))
		}
	}
}
