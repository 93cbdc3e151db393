package ldapsim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// client is a connection of slapd's administrator, past the log and the faults. It knows only what an administrator does here.
type client struct {
	mu   sync.Mutex // One request at a time.
	conn net.Conn
	from *bufio.Reader
	id   int64
}

// errCut is the end of the administrator's connection.
var errCut = errors.New("slapd does not answer")

func (s *Server) signIn() (*client, error) {
	conn, err := s.slapd.dial(context.Background())
	if err != nil {
		return nil, err
	}
	c := &client{conn: conn, from: bufio.NewReader(conn)}
	simple := ber.NewString(ber.ClassContext, ber.TypePrimitive, 0, s.password, "")
	version := ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(3), "")
	if _, err := c.do(operation(tagBind, version, octets(adminDN(s.cfg.Suffix)), simple)); err != nil {
		return nil, errors.Join(fmt.Errorf("sign in to slapd: %w", err), conn.Close())
	}
	return c, nil
}

// do sends an operation and returns the answers; a result other than success is an error.
func (c *client) do(op *ber.Packet) ([]*ber.Packet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.id++
	answers, ok := exchange(c.conn, c.from, message(c.id, op))
	if !ok {
		return nil, errCut
	}
	if code := resultOf(answers); code != codeSuccess {
		return nil, fmt.Errorf("slapd answers %s", resultName(code))
	}
	return answers, nil
}

// values reads an attribute of one entry.
func (c *client) values(dn, attribute string) ([]string, error) {
	zero := func() *ber.Packet {
		return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(0), "")
	}
	every := ber.NewString(ber.ClassContext, ber.TypePrimitive, filterPresent, "objectClass", "")
	attributes := ber.NewSequence("")
	attributes.AppendChild(octets(attribute))
	typesOnly := ber.NewBoolean(ber.ClassUniversal, ber.TypePrimitive, ber.TagBoolean, false, "")
	answers, err := c.do(operation(tagSearch, octets(dn), enumerated(0), enumerated(0), zero(), zero(), typesOnly, every, attributes))
	if err != nil {
		return nil, err
	}
	var values []string
	for _, a := range child(child(answers[0], 1), 1).Children { // The attributes of the entry; a result has none.
		for _, v := range child(a, 1).Children {
			values = append(values, text(v))
		}
	}
	return values, nil
}

// The changes of an attribute (RFC 4511, 4.6).
const (
	changeAdd     = 0
	changeDelete  = 1
	changeReplace = 2
)

// modify changes the values of an attribute of one entry.
func (c *client) modify(dn string, change int64, attribute string, values ...string) error {
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range values {
		set.AppendChild(octets(v))
	}
	partial := ber.NewSequence("")
	partial.AppendChild(octets(attribute))
	partial.AppendChild(set)
	one := ber.NewSequence("")
	one.AppendChild(enumerated(change))
	one.AppendChild(partial)
	changes := ber.NewSequence("")
	changes.AppendChild(one)
	_, err := c.do(operation(tagModify, octets(dn), changes))
	return err
}
