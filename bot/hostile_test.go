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
		"control":        "a\x00b\x07c\x1b[31m",
		"not utf-8":      "a\xff\xfeb",
		"long":           strings.Repeat("x", 3000),
		"long word pair": strings.Repeat("ampersand & ", 300),
		"long wide":      strings.Repeat("😀", 3000),
		"json":           `","type":"mrkdwn","text":"`,
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
		"home": homeView(home, nil), "sentence": sentenceView(s, s), "home sentence": homeSentence(s),
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
				all := shown(t, v)
				if strings.ContainsAny(all, "\u202E\u202C\u2066\u2069\x00\x1b") {
					t.Errorf("signs that change the reading are left in %q", all)
				}
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
