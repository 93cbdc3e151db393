package jirapane

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"usher/sandbox/jirasim"
)

// move is a transition by hand. Who is a handle.
type move struct {
	Who   string `json:"who"`
	Issue string `json:"issue"`
	Name  string `json:"name"`
}

// remark is a comment by hand, in wiki markup. Who is a handle.
type remark struct {
	Who   string `json:"who"`
	Issue string `json:"issue"`
	Text  string `json:"text"`
}

func (p *Pane) transition(_ context.Context, m move) (any, error) {
	account, err := p.account(m.Who)
	if err != nil {
		return nil, err
	}
	return outcome(p.w.Jira.Transition(account, m.Issue, m.Name), m.Issue), nil
}

func (p *Pane) comment(_ context.Context, c remark) (any, error) {
	account, err := p.account(c.Who)
	if err != nil {
		return nil, err
	}
	return outcome(p.w.Jira.Comment(account, c.Issue, c.Text), c.Issue), nil
}

func (p *Pane) account(handle string) (string, error) {
	who, ok := p.w.Company.Person(handle)
	if !ok {
		return "", fmt.Errorf("who is %q, who is not among the people of the company", handle)
	}
	return who.AccountID(), nil
}

// result is the answer to an action that was understood. Failed is Jira's refusal: something for the person to read, and no
// mistake of the page.
type result struct {
	Failed string `json:"failed,omitempty"`
}

// outcome is a refusal as a sentence, without the key and the field, which the person has before them.
func outcome(err error, key string) result {
	if err == nil {
		return result{}
	}
	text := err.Error()
	for _, sentinel := range []error{jirasim.ErrNoAccount, jirasim.ErrInactive} {
		if errors.Is(err, sentinel) {
			text = sentinel.Error()
		}
	}
	text = strings.TrimPrefix(strings.TrimPrefix(text, key+": "), "comment: ")
	first, size := utf8.DecodeRuneInString(text)
	text = string(unicode.ToUpper(first)) + text[size:]
	if !strings.ContainsAny(text[len(text)-1:], ".!?") {
		text += "."
	}
	return result{Failed: text}
}
