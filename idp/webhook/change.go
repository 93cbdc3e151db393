package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"usher/idp"
	"usher/idp/rest"
)

// AddMember puts the user into the group. It costs one call, or more if the receiver takes its time.
func (p *Provider) AddMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, "add member", change{actionAdd, string(group), string(user)})
}

// RemoveMember takes the user out of the group. It costs one call, or more if the receiver takes its time.
func (p *Provider) RemoveMember(ctx context.Context, group idp.GroupID, user idp.UserID) error {
	return p.change(ctx, "remove member", change{actionRemove, string(group), string(user)})
}

// outcome is what the receiver says about a change.
type outcome struct {
	Status string `json:"status"`
	failure
}

const (
	statusDone    = "done"
	statusPending = "pending"
	statusFailed  = "failed"
)

// change sends a change with its key. The key is kept for the next try as long as the outcome is unknown.
func (p *Provider) change(ctx context.Context, op string, c change) error {
	if err := p.checkPair(op, idp.GroupID(c.Group), idp.UserID(c.User)); err != nil {
		return err
	}
	key := p.keys.take(c)
	err := p.send(ctx, op, c, key)
	var e *idp.Error
	if err == nil || errors.As(err, &e) && !e.Transient() {
		p.keys.settle(c, key)
	}
	return err
}

func (p *Provider) send(ctx context.Context, op string, c change, key string) error {
	body, err := json.Marshal(c)
	if err != nil {
		return &idp.Error{Kind: idp.Invalid, Op: op, Err: errors.New("the request cannot be written")}
	}
	called := p.waiting.expect(key)
	defer p.waiting.forget(key, called)
	r := p.request(op, http.MethodPost, nil, "changes")
	r.Body = body
	a, err := p.client.Do(withKey(ctx, key), r)
	if err != nil {
		return err
	}
	var o outcome
	if err := a.Decode(op, &o); err != nil {
		return err
	}
	switch {
	case a.Status == http.StatusOK && o.Status == statusDone:
		return nil
	case a.Status == http.StatusAccepted && o.Status == statusPending:
		return p.await(ctx, op, r.URL, a, called)
	}
	return a.Odd(op, "the answer does not confirm the change")
}

// await waits for the outcome of an accepted change: it asks where the receiver said, and listens for a call back.
func (p *Provider) await(ctx context.Context, op string, from *url.URL, a *rest.Answer, called <-chan outcome) error {
	where, err := location(op, from, a)
	if err != nil {
		return err
	}
	if where == nil && p.back == nil {
		return unfinished(op, a, "the receiver works on it, and neither says where to ask nor calls back")
	}
	end := p.cfg.Now().Add(p.cfg.Wait)
	for pause := p.cfg.Poll; ; pause = min(2*pause, 5*time.Second) {
		wait := pause
		if at := rest.RetryAfter(a.Header, a.Received); !at.IsZero() {
			wait = max(at.Sub(p.cfg.Now()), time.Millisecond)
		}
		if left := end.Sub(p.cfg.Now()); where == nil || wait > left {
			wait = left
		}
		if wait <= 0 {
			return unfinished(op, a, "the receiver works on it still")
		}
		timer := time.NewTimer(wait)
		select {
		case o := <-called:
			timer.Stop()
			return settled(op, o)
		case <-ctx.Done():
			timer.Stop()
			return &idp.Error{Kind: idp.Unavailable, Op: op, Err: ctx.Err()}
		case <-timer.C:
		}
		if where == nil {
			continue
		}
		var o outcome
		if a, err = p.ask(ctx, op, where, &o); err != nil {
			return err
		}
		if o.Status != statusPending {
			return settled(op, o)
		}
	}
}

// ask reads the status of a change.
func (p *Provider) ask(ctx context.Context, op string, where *url.URL, o *outcome) (*rest.Answer, error) {
	a, err := p.client.Do(ctx, rest.Request{Op: op, Method: http.MethodGet, URL: where, Lane: lane})
	if err != nil {
		// Whatever is wrong with the question, it says nothing about the change.
		var e *idp.Error
		if errors.As(err, &e) {
			e.Kind = idp.Unavailable
		}
		return nil, err
	}
	if a.Status != http.StatusOK {
		return nil, a.Odd(op, "the answer is not 200")
	}
	return a, a.Decode(op, o)
}

// settled translates an outcome that is not pending.
func settled(op string, o outcome) error {
	switch o.Status {
	case statusDone:
		return nil
	case statusFailed:
		e := &idp.Error{Kind: idp.Unavailable, Op: op, Code: statusFailed, Err: errors.New("the receiver failed without a word")}
		if kind, known := kindOfWord(o.Error); known {
			refuse(e, kind, o.failure)
		}
		return e
	}
	return odd(op, "the answer does not confirm the change")
}

// location returns where the receiver wants to be asked; nil means nowhere. Another host is refused: requests are signed.
func location(op string, from *url.URL, a *rest.Answer) (*url.URL, error) {
	text := a.Header.Get("Location")
	if text == "" {
		return nil, nil
	}
	u, err := from.Parse(text)
	if err != nil || u.Scheme != from.Scheme || u.Host != from.Host || u.User != nil || u.Fragment != "" {
		return nil, a.Odd(op, "the receiver wants to be asked at another host")
	}
	return u, nil
}
