package slacksim_test

import (
	"context"
	"errors"
	"log"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"
	"github.com/slack-go/slack/slackevents"
	"github.com/slack-go/slack/socketmode"

	"usher/sandbox/slacksim"
)

// official points slack-go at the bench.
func (b *bench) official() *slack.Client {
	return slack.New("xoxb-sandbox", slack.OptionAppLevelToken("xapp-sandbox"), slack.OptionAPIURL(b.APIURL()), slack.OptionHTTPClient(b.http))
}

// runOfficial runs slack-go's Socket Mode client until the test ends.
func (b *bench) runOfficial(handle func(*socketmode.Client, socketmode.Event)) *slack.Client {
	b.t.Helper()
	api := b.official()
	client := socketmode.New(api, socketmode.OptionLog(log.New(quiet{}, "", 0)))
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan struct{})
	go func() { _ = client.RunContext(ctx); close(ended) }()
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			select {
			case e := <-client.Events:
				handle(client, e)
			case <-ctx.Done():
				return
			}
		}
	}()
	b.t.Cleanup(func() {
		cancel()
		<-ended
		<-served
	})
	if err := b.WaitConnected(b.ctx, 1); err != nil {
		b.t.Fatal(err)
	}
	return api
}

type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

func text(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject("plain_text", s, false, false)
}

func requestModal() slack.ModalViewRequest {
	pick := slack.NewOptionsSelectBlockElement(slack.OptTypeExternal, nil, "pick")
	none := 0
	pick.MinQueryLength = &none
	return slack.ModalViewRequest{
		Type: slack.VTModal, CallbackID: "request", Title: text("Access"), Submit: text("Ask"), Close: text("Cancel"), PrivateMetadata: "m",
		Blocks: slack.Blocks{BlockSet: []slack.Block{
			slack.NewInputBlock("app", text("App"), nil, pick),
			slack.NewInputBlock("why", text("Why"), nil, slack.NewPlainTextInputBlockElement(nil, "text")),
		}},
	}
}

func askBlocks() []slack.Block {
	return []slack.Block{
		slack.NewSectionBlock(slack.NewTextBlockObject("mrkdwn", "*Ann* asks", false, false), nil, nil),
		slack.NewActionBlock("ask", slack.NewButtonBlockElement("approve", "r1", text("Approve")), slack.NewButtonBlockElement("deny", "r1", text("Deny"))),
	}
}

// storyBot is a small bot on slack-go: a modal, a message to Bob, and its end.
func storyBot(t *testing.T, b *bench) func(*socketmode.Client, socketmode.Event) {
	check := func(what string, err error) {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	return func(c *socketmode.Client, e socketmode.Event) {
		switch data := e.Data.(type) {
		case slack.SlashCommand:
			check("ack", c.Ack(*e.Request))
			_, err := c.OpenViewContext(b.ctx, data.TriggerID, requestModal())
			check("open", err)
		case slack.InteractionCallback:
			switch data.Type {
			case slack.InteractionTypeBlockSuggestion:
				option := slack.NewOptionBlockObject("gh", text("GitHub "+data.Value), nil)
				check("ack", c.Ack(*e.Request, slack.OptionsResponse{Options: []*slack.OptionBlockObject{option}}))
			case slack.InteractionTypeViewSubmission:
				check("ack", c.Ack(*e.Request))
				_, _, err := c.PostMessageContext(b.ctx, "U2BOB", slack.MsgOptionText(data.View.State.Values["why"]["text"].Value, true),
					slack.MsgOptionBlocks(askBlocks()...), slack.MsgOptionMetadata(slack.SlackMetadata{
						EventType: "request", EventPayload: map[string]any{"id": data.View.State.Values["app"]["pick"].SelectedOption.Value},
					}))
				check("post", err)
			case slack.InteractionTypeBlockActions:
				check("ack", c.Ack(*e.Request))
				_, _, _, err := c.UpdateMessageContext(b.ctx, data.Container.ChannelID, data.Container.MessageTs,
					slack.MsgOptionText("approved by "+data.User.ID+" "+data.ActionCallback.BlockActions[0].Value, false))
				check("update", err)
				check("respond", slack.PostWebhookContext(b.ctx, data.ResponseURL, &slack.WebhookMessage{Text: "thanks"}))
			}
		case slackevents.EventsAPIEvent:
			check("ack", c.Ack(*e.Request))
			if home, ok := data.InnerEvent.Data.(*slackevents.AppHomeOpenedEvent); ok {
				_, err := c.PublishViewContext(b.ctx, slack.PublishViewContextRequest{UserID: home.User, View: slack.HomeTabViewRequest{
					Type: slack.VTHomeTab, Blocks: slack.Blocks{BlockSet: askBlocks()},
				}})
				check("publish", err)
			}
		}
	}
}

func TestSlackGoLivesThroughAStory(t *testing.T) {
	t.Parallel()
	b := start(t)
	api := b.runOfficial(storyBot(t, b))
	if _, err := b.Run(b.ctx, "U1ANN", "/access", ""); err != nil {
		t.Fatal(err)
	}
	v, err := b.WaitView(b.ctx, "U1ANN", nil)
	if err != nil {
		t.Fatal(err)
	}
	options, err := b.Options(b.ctx, "U1ANN", v.ID, "app", "pick", "")
	if err != nil || len(options) != 1 {
		t.Fatalf("%v, %v", options, err)
	}
	for block, in := range map[string][2]string{"app": {"pick", "gh"}, "why": {"text", "to <fix> it"}} {
		if err := b.SetInput(b.ctx, "U1ANN", v.ID, block, in[0], in[1]); err != nil {
			t.Fatal(err)
		}
	}
	if r, err := b.SubmitView(b.ctx, "U1ANN", v.ID); err != nil || !r.Closed {
		t.Fatalf("%+v, %v", r, err)
	}
	m, err := b.WaitMessage(b.ctx, "U2BOB", nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.Plain() != "*Ann* asks\n[Approve] [Deny]" || m.Text != "to &lt;fix&gt; it" {
		t.Errorf("%q %q", m.Plain(), m.Text)
	}
	if _, err := b.Click(b.ctx, "U2BOB", slacksim.InMessage(m.Channel, m.TS), "approve"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WaitMessage(b.ctx, "U2BOB", func(m slacksim.Message) bool { return m.Ephemeral && m.Text == "thanks" }); err != nil {
		t.Error(err)
	}
	if now, _ := b.Message(m.Channel, m.TS); now.Plain() != "approved by U2BOB r1" {
		t.Errorf("%q", now.Plain())
	}
	h, err := api.GetConversationHistoryContext(b.ctx, &slack.GetConversationHistoryParameters{ChannelID: m.Channel, IncludeAllMetadata: true})
	if err != nil || len(h.Messages) != 1 || h.Messages[0].Metadata.EventPayload["id"] != "gh" {
		t.Errorf("%+v, %v", h, err)
	}
	if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.WaitHome(b.ctx, "U1ANN", nil); err != nil {
		t.Error(err)
	}
	for _, d := range b.Deliveries() {
		if !d.Acked || d.AckedIn > time.Second {
			t.Errorf("%s acknowledged in %v", d.Payload, d.AckedIn)
		}
	}
}

func TestSlackGoUnderstandsTheErrors(t *testing.T) {
	t.Parallel()
	b := start(t)
	api := b.official()
	_, _, err := api.PostMessageContext(b.ctx, "U1ANN", slack.MsgOptionBlocks(slack.NewHeaderBlock(text(strings.Repeat("x", 151)))))
	var refused slack.SlackErrorResponse
	if !errors.As(err, &refused) || refused.Err != "invalid_blocks" || len(refused.ResponseMetadata.Messages) != 1 ||
		refused.ResponseMetadata.Messages[0] != "[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]" {
		t.Errorf("%v", err)
	}
	if _, err = api.GetTeamInfoContext(b.ctx); !errors.As(err, &refused) || refused.Err != "missing_scope" || refused.Needed != "team:read" {
		t.Errorf("%v", err)
	}
	b.Inject(slacksim.Fault{Kind: slacksim.RateLimit, Times: 1, After: 7 * time.Second})
	_, err = api.AuthTestContext(b.ctx)
	var limited *slack.RateLimitedError
	if !errors.As(err, &limited) || limited.RetryAfter != 7*time.Second {
		t.Errorf("%v", err)
	}
	b.Inject(slacksim.Fault{Kind: slacksim.Error502HTML, Times: 1})
	_, err = api.AuthTestContext(b.ctx)
	var status slack.StatusCodeError
	if !errors.As(err, &status) || status.Code != http.StatusBadGateway {
		t.Errorf("%v", err)
	}
	if _, err := api.PublishViewContext(b.ctx, slack.PublishViewContextRequest{UserID: "U1ANN", View: slack.HomeTabViewRequest{Type: slack.VTHomeTab}}); err == nil {
		t.Error("a view with null blocks was taken")
	}
}

func TestSlackGoReadsPeople(t *testing.T) {
	t.Parallel()
	b := start(t)
	api := b.official()
	all, err := api.GetUsersContext(b.ctx, slack.GetUsersOptionLimit(3))
	if err != nil || len(all) != 8 {
		t.Errorf("%d users, %v", len(all), err)
	}
	u, err := api.GetUserByEmailContext(b.ctx, "bob@example.com")
	if err != nil || u.ID != "U2BOB" || u.Profile.Email != "bob@example.com" || u.TeamID != "T0SANDBOX" {
		t.Errorf("%+v, %v", u, err)
	}
	c, _, _, err := api.OpenConversationContext(b.ctx, &slack.OpenConversationParameters{Users: []string{"U1ANN"}, ReturnIM: true})
	if err != nil || c.ID != b.DM("U1ANN") || !c.IsIM {
		t.Errorf("%+v, %v", c, err)
	}
	auth, err := api.AuthTestContext(b.ctx)
	if err != nil || auth.UserID != "U0BOT" || auth.BotID != "B0BOT" || auth.TeamID != "T0SANDBOX" {
		t.Errorf("%+v, %v", auth, err)
	}
}

func TestSlackGoReconnects(t *testing.T) {
	t.Parallel()
	for name, upset := range map[string]func(*bench){
		"refresh": func(b *bench) { b.Disconnect("refresh_requested") },
		"cut":     func(b *bench) { b.KillConnections() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t)
			b.runOfficial(storyBot(t, b))
			upset(b)
			opened := func() int {
				n := 0
				for _, c := range b.Calls() {
					if c.Name == "socket.connect" && c.Status == http.StatusSwitchingProtocols {
						n++
					}
				}
				return n
			}
			if err := b.Wait(b.ctx, func() bool { return opened() >= 2 && b.Connections() >= 1 }); err != nil {
				t.Fatal(err)
			}
			if err := b.OpenHome(b.ctx, "U1ANN"); err != nil {
				t.Fatal(err)
			}
			if _, err := b.WaitHome(b.ctx, "U1ANN", nil); err != nil {
				t.Error(err)
			}
		})
	}
}
