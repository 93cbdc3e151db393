package ldap

import (
	"context"
	"errors"
	"log/slog"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// session is one connection in the hands of one call of the provider. It is not safe for concurrent use.
type session struct {
	p        *Provider
	link     *link
	op       string // for errors: verb and object
	answered bool   // the server has answered something on this connection
	broken   bool   // the connection must not be used again
}

// with runs f with a connection. Every f begins with a read, so when a connection that was idle turns out to have ended
// meanwhile, f begins again with a new one; nothing was asked yet.
func (p *Provider) with(ctx context.Context, op string, f func(s *session) error) error {
	done, err := p.pool.enter(ctx)
	if err != nil {
		return translate(op, err)
	}
	defer done()
	l := p.pool.take(p.cfg.Now())
	if l != nil {
		s := &session{p: p, link: l, op: op}
		err := s.finish(f(s))
		if !s.broken || s.answered || ctx.Err() != nil || errors.Is(err, errTimeout) || idp.KindOf(err) != idp.Unavailable {
			return err
		}
		p.pool.drain()
	}
	if l, err = p.open(ctx); err != nil {
		return reword(op, err)
	}
	s := &session{p: p, link: l, op: op}
	return s.finish(f(s))
}

// reword names what the caller wanted in an error of opening a connection.
func reword(op string, err error) error {
	e := *translate(op, err)
	e.Op = op
	return &e
}

// finish gives the connection back or ends it.
func (s *session) finish(err error) error {
	if s.broken {
		s.link.close()
	} else {
		s.p.pool.put(s.link, s.p.cfg.Now())
	}
	if err == nil {
		return nil
	}
	return translate(s.op, err)
}

// do sends one request and waits for the whole answer.
func (s *session) do(ctx context.Context, what string, f func() error) error {
	started := s.p.cfg.Now()
	err := run(ctx, s.link.raw, s.p.cfg.Timeout, f)
	code, _, answered := resultOf(err)
	s.answered = s.answered || err == nil || answered
	// Whoever is not signed in any more, or is told to go, comes back with a new connection.
	s.broken = s.broken || err != nil && (!answered || s.link.dead() || translate(s.op, err).Kind == idp.Unauthorized || code == ldap.LDAPResultUnavailable)
	s.p.cfg.Logger.LogAttrs(ctx, slog.LevelDebug, "ldap request",
		slog.String("op", s.op), slog.String("request", what), slog.Int("code", int(code)), slog.Bool("answered", err == nil || answered),
		slog.Duration("took", s.p.cfg.Now().Sub(started)))
	return err
}

// query is one search.
type query struct {
	base       string
	scope      int
	filter     string
	attributes []string
	atMost     int // stop the server after so many entries, which is no error then; 0 = all
}

// nothing asks for no attribute at all (RFC 4511, 4.5.1.8).
const nothing = "1.1"

// search returns all entries of the answer. An answer that the server cut short is an error.
func (s *session) search(ctx context.Context, q query) ([]entry, error) {
	entries, _, err := s.page(ctx, q, nil)
	if q.atMost > 0 && hasResult(err, codeSizeLimit) {
		return entries, nil
	}
	return entries, err
}

// pages calls each for every page of an answer. It ends with the first error of either side.
func (s *session) pages(ctx context.Context, q query, each func([]entry) error) error {
	cookie := []byte{}
	for {
		paging := ldap.NewControlPaging(uint32(s.p.cfg.PageSize))
		paging.SetCookie(cookie)
		entries, next, err := s.page(ctx, q, paging)
		if err != nil {
			return err
		}
		if err := each(entries); err != nil {
			s.broken = s.broken || len(next) > 0 // The server keeps the rest of the list for this connection.
			return err
		}
		switch {
		case len(next) == 0:
			return nil
		case len(entries) == 0 && string(next) == string(cookie):
			s.broken = true
			return errNoSense
		}
		cookie = next
	}
}

// page sends one search and returns the cookie of the next page, if there is one.
func (s *session) page(ctx context.Context, q query, paging *ldap.ControlPaging) ([]entry, []byte, error) {
	request := ldap.NewSearchRequest(q.base, q.scope, ldap.NeverDerefAliases, q.atMost, 0, false, q.filter, q.attributes, nil)
	if paging != nil {
		request.Controls = append(request.Controls, paging)
	}
	var result *ldap.SearchResult
	err := s.do(ctx, "search", func() (err error) {
		result, err = s.link.conn.Search(request)
		return err
	})
	if err != nil && !hasResult(err, codeSizeLimit) {
		return nil, nil, err
	}
	if len(result.Referrals) > 0 && s.p.cfg.schema.kind != ActiveDirectory {
		return nil, nil, &idp.Error{Kind: idp.Forbidden, Op: s.op, Err: errors.New("a part of the tree is on another server; referrals are not followed, so narrow the base DN")}
	}
	entries := make([]entry, 0, len(result.Entries))
	for _, e := range result.Entries {
		entries = append(entries, newEntry(e))
	}
	if answer, ok := ldap.FindControl(result.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging); ok && answer != nil && err == nil {
		return entries, answer.Cookie, nil
	}
	return entries, nil, err
}
