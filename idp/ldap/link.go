package ldap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// link is one connection that is signed in. One caller uses it at a time.
type link struct {
	conn   *ldap.Conn
	raw    net.Conn
	server string // the address that really answered
	idle   time.Time
}

// close ends the connection and waits for its goroutines. Ending the raw connection first makes the library's own goroutines
// return even if they hang in it.
func (l *link) close() {
	_ = l.raw.Close()
	_ = l.conn.Close()
}

// dead reports whether the other side has ended the connection, as far as is known here.
func (l *link) dead() bool { return l.conn.IsClosing() }

// run executes f, which uses conn. The library knows no contexts, so the end of ctx, or of the timeout, ends the connection,
// and that ends f. An answer that came all the same counts.
func run(ctx context.Context, raw net.Conn, timeout time.Duration, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeoutCause(ctx, timeout, errTimeout)
	defer cancel()
	stop := context.AfterFunc(limited, func() { _ = raw.Close() })
	err := f()
	if stop() || err == nil {
		return err
	}
	if _, _, answered := resultOf(err); answered {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return context.Cause(limited)
}

// connect opens a connection to the server at addr, encrypts it and signs in.
func (p *Provider) connect(ctx context.Context, s server, addr string) (*link, error) {
	limited, cancel := context.WithTimeout(ctx, min(dialTimeout, p.cfg.Timeout))
	defer cancel()
	raw, err := p.cfg.Dial(limited, "tcp", addr)
	if err != nil {
		return nil, unreachable(ctx, fmt.Errorf("connect to %s: %w", s.addr, err))
	}
	l := &link{raw: raw, server: addr}
	if remote := raw.RemoteAddr(); remote != nil && remote.Network() == "tcp" {
		l.server = remote.String()
	}
	if err := p.secure(limited, l, s); err != nil {
		_ = raw.Close()
		return nil, unreachable(ctx, fmt.Errorf("encrypt the connection to %s: %w", s.addr, err))
	}
	if err := p.signIn(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// unreachable keeps the text of an error of the network, which names addresses and certificates but no people.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return &idp.Error{Kind: idp.Unavailable, Op: "connect", Err: err}
}

// secure makes l.conn. For StartTLS the library does the handshake by itself.
func (p *Provider) secure(ctx context.Context, l *link, s server) error {
	conf := p.cfg.tls.Clone()
	conf.ServerName = s.host
	if s.secure == fromStart {
		encrypted := tls.Client(l.raw, conf)
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return err
		}
		l.conn = ldap.NewConn(encrypted, true)
		l.conn.Start()
		return nil
	}
	l.conn = ldap.NewConn(l.raw, false)
	l.conn.Start()
	if s.secure == plain {
		return nil
	}
	err := run(ctx, l.raw, dialTimeout, func() error { return l.conn.StartTLS(conf) })
	if err == nil {
		return nil
	}
	_ = l.conn.Close()
	if code, _, ok := resultOf(err); ok {
		return fmt.Errorf("the server refuses StartTLS (LDAP %d)", code)
	}
	var e *ldap.Error
	if errors.As(err, &e) && e.Err != nil {
		return e.Err // The words of the handshake.
	}
	return err
}

// signIn binds. After a refusal nobody tries again for a moment: directories lock accounts after a few wrong passwords.
func (p *Provider) signIn(ctx context.Context, l *link) error {
	const op = "sign in"
	if err := p.pool.refused(p.cfg.Now()); err != nil {
		return err
	}
	err := run(ctx, l.raw, p.cfg.Timeout, func() error {
		if p.who.external {
			return l.conn.ExternalBind()
		}
		return l.conn.Bind(p.who.name, p.who.password())
	})
	if err == nil {
		return nil
	}
	if code, _, ok := resultOf(err); ok && code == codeUnwilling {
		return &idp.Error{Kind: idp.Unauthorized, Op: op, Code: "LDAP 53", Err: errors.New("the server does not let this account sign in")}
	}
	e := translate(op, err)
	if e.Kind == idp.Unauthorized {
		p.pool.refuse(e, p.cfg.Now())
	}
	return e
}
