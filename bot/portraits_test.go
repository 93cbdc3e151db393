package bot

import (
	"encoding/json"
	"html/template"
	"strings"
	"testing"

	"github.com/slack-go/slack"

	"usher/access"
	"usher/sandbox/page/blockkit"
)

// portrait is a view as it is drawn for the gallery.
type portrait struct {
	Name, Kind                 string
	Title, Submit, Close, Text string // Of a modal, and of a message.
	Body                       template.HTML
}

// ID is the portrait's id in the page.
func (p portrait) ID() string { return "view-" + p.Name }

// texts are what the names and reasons of a company may look like, at their worst.
func texts() map[string]string {
	return map[string]string{
		"longest":  strings.Repeat("Extraordinarily long and Descriptive ", 60),
		"unbroken": strings.Repeat("Donaudampfschiffahrt", 150),
		"rtl":      "مريم العبد الله — צוות התשתיות",
		"emoji":    strings.Repeat("👩🏽‍🚀 Zoë 🏳️‍🌈 ", 20),
		"hostile": "<!channel> <@U1BOB> <https://evil.example|Approve> *Approved* `by` Bob :white_check_mark: </div><script>alert(1)</script>" +
			"<img src=x onerror=alert(1)> \u202Edeined\u202C d" + strings.Repeat("\u0336", 50) + "enied",
	}
}

// portraits are one of every view and message, those with the texts of texts in every place, and the largest ones.
func portraits() map[string]any {
	all := gallery()
	for kind, s := range texts() {
		for name, v := range poisoned(s) {
			all[kind+"_"+strings.ReplaceAll(name, " ", "_")] = v
		}
	}
	all["home_large"] = homeView(large(), nil)
	all["home_large_last"] = homeView(large(), pages{pageGrants: 399, pageDecisions: 99})
	var held []access.Grant
	for _, g := range large().Grants {
		held = append(held, g.Grant)
	}
	all["revoke_large"] = holderView("U1ANN", held, noon())
	return all
}

// wrongs are the errors that a refused submission shows, by the name of the portrait.
func wrongs() map[string]map[string]string {
	none := chosen{hasReason: true}.wrong()
	return map[string]map[string]string{
		"form_empty_refused": none, "form_chosen_refused": chosen{entitlement: "x", hasReason: true, reason: " "}.wrong(),
		"deny_refused": {blockReason: wrongReason("")}, "revoke_whose_refused": {blockHolder: "Please choose a person."},
	}
}

func TestPortraitsKeepSlacksLimits(t *testing.T) {
	t.Parallel()
	for name, v := range portraits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkRelations(t, v)
		})
	}
}

func TestPortraitsSatisfyTheVendorsSchema(t *testing.T) {
	t.Parallel()
	j := newJudges(t)
	for name, v := range portraits() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j.judge(t, v)
		})
	}
}

// draw draws a view with the errors of a refused submission, which may be nil.
func draw(t *testing.T, name string, v any, wrong map[string]string) portrait {
	t.Helper()
	p := portrait{Name: name}
	surface := blockkit.InModal
	switch v := v.(type) {
	case message:
		p.Kind, p.Text, surface = "message", v.Text, blockkit.InMessage
	case slack.HomeTabViewRequest:
		p.Kind, surface = "home", blockkit.InHome
	case slack.ModalViewRequest:
		p.Kind, p.Title = "modal", v.Title.Text
		if v.Submit != nil {
			p.Submit = v.Submit.Text
		}
		if v.Close != nil {
			p.Close = v.Close.Text
		}
	default:
		t.Fatalf("%s is a %T", name, v)
	}
	var doc struct{ Blocks json.RawMessage }
	if err := json.Unmarshal(pretty(t, v), &doc); err != nil {
		t.Fatal(err)
	}
	people := map[string]string{}
	var list []blockkit.Person
	for _, someone := range []access.Person{ann(), bob(), cyd()} {
		people[id(someone)] = someone.Name
		list = append(list, blockkit.Person{ID: id(someone), Name: someone.Name})
	}
	p.Body = template.HTML(blockkit.Blocks(surface, doc.Blocks, blockkit.Options{
		Now: noon(), Name: func(id string) string { return people[id] }, People: list, Errors: wrong, Prefix: p.ID(),
	}))
	return p
}
