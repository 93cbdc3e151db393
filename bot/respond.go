package bot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/slack-go/slack"

	"usher/access"
)

// sentenceMessage is a message that says one thing.
func sentenceMessage(text string) message {
	return message{Text: orDash(fallback(text)), Blocks: []slack.Block{slack.NewSectionBlock(plain(text, 2900), nil, nil)}}
}

// ephemeral posts a sentence that only the person sees, through the address that Slack gave with the click or command.
func (b *Bot) ephemeral(ctx context.Context, url, text string) error {
	if !safeURL(url) {
		return fmt.Errorf("answer in slack: the response address is not safe")
	}
	m := sentenceMessage(text)
	body, err := json.Marshal(map[string]any{
		"response_type": "ephemeral", "replace_original": false, "text": m.Text, "parse": "none",
		"unfurl_links": false, "unfurl_media": false, "blocks": m.Blocks,
	})
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("answer in slack: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	var status int
	err = b.cfg.outside(callAnswer, func() error {
		resp, err := b.http.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4096)) // Lets the connection be used again.
		status = resp.StatusCode
		return nil
	})
	switch {
	case err != nil:
		return &access.TargetError{Target: access.TargetSlack, Op: "answer in slack", Transient: true, Sent: true, Err: fmt.Errorf("%T", err)}
	case status != http.StatusOK:
		return fmt.Errorf("answer in slack: status %d", status)
	}
	return nil
}
