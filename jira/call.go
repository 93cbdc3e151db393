package jira

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"usher/access"
)

// maxAnswer is the most that is read of one answer, in bytes.
const maxAnswer = 8 << 20

// query is one call to Jira.
type query struct {
	op     string // Verb and object, for errors.
	method string
	path   string // Below rest/api/2/, its variable parts checked by the caller.
	values url.Values
	body   any
	// write says that Jira changes something; a lost answer then leaves it open whether it did.
	write bool
	// done is the status by which Jira confirms a write. Another success, a page to log in for example, confirms nothing.
	done int
}

// answer is what a call brought besides its body.
type answer struct {
	date time.Time // By the server's clock; zero if it did not say.
}

// call makes one call, reads its whole answer and decodes it into out unless that is nil. Every error is a
// *access.TargetError whose cause is a *refusal when Jira answered.
//
// go-jira's client builds and sends the request; its own decoding is left aside, because it leaves bodies open, drops
// the texts of Jira Service Management and calls an empty success an error.
func (t *Tracker) call(ctx context.Context, q query, out any) (answer, error) {
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	path := "rest/api/2/" + q.path
	if len(q.values) > 0 {
		path += "?" + q.values.Encode()
	}
	req, err := t.client.NewRequest(ctx, q.method, path, q.body)
	if err != nil {
		return answer{}, permanent(q.op, fmt.Errorf("make request: %w", plain(err)))
	}
	resp, err := t.client.Do(req, nil)
	if resp == nil || resp.Response == nil {
		return answer{}, q.lost(err, connected.Load())
	}
	defer resp.Body.Close() //nolint:errcheck // It has been read; there is nothing left to lose.
	var got answer
	if date, dateErr := http.ParseTime(resp.Header.Get("Date")); dateErr == nil {
		got.date = date
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return got, t.refused(q, resp.Response, raw)
	}
	switch {
	case err != nil:
		return got, q.lost(err, true)
	case q.done != 0 && resp.StatusCode != q.done:
		return got, q.lost(fmt.Errorf("answer %d does not confirm the change", resp.StatusCode), true)
	case len(raw) > maxAnswer:
		return got, q.lost(errors.New("the answer is too long"), true)
	case out == nil:
		return got, nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return got, q.lost(errors.New("the answer cannot be read"), true)
	}
	return got, nil
}

// produce is call for a write that makes something; the answer must name it.
func (t *Tracker) produce(ctx context.Context, q query) error {
	var got struct {
		ID string `json:"id"`
	}
	if _, err := t.call(ctx, q, &got); err != nil {
		return err
	}
	if got.ID == "" {
		return q.lost(errors.New("the answer names nothing that was made"), true)
	}
	return nil
}

// errNotJira says that an answer lacks what Jira never leaves out, so that it proves nothing: neither that something is
// there nor that it is not.
var errNotJira = errors.New("the answer is not what Jira documents")

// lost is the error of a call without a usable answer.
func (q query) lost(err error, reached bool) error {
	if errors.Is(err, errForeign) {
		return permanent(q.op, errForeign)
	}
	return &access.TargetError{
		Target: access.TargetJira, Op: q.op, Transient: true, Sent: q.write && reached,
		Err: fmt.Errorf("no usable answer: %w", plain(err)),
	}
}

// plain takes the address off an error of net/http: its query may hold an e-mail address.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func permanent(op string, err error) *access.TargetError {
	return &access.TargetError{Target: access.TargetJira, Op: op, Err: err}
}

// sent reports whether err leaves it open if a write was done.
func sent(err error) bool {
	var te *access.TargetError
	return errors.As(err, &te) && te.Sent
}

// transient reports whether err may pass by itself.
func transient(err error) bool {
	var te *access.TargetError
	return errors.As(err, &te) && te.Transient
}
