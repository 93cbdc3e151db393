package ldap_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp/idptest"
)

// proxy stands between the provider and slapd. It counts the requests, and lets things go wrong with them.
type proxy struct {
	listener net.Listener
	backend  string
	conf     *tls.Config
	startTLS bool
	windows  bool // acts as a domain controller where slapd does not
	locked   bool // and says that nothing may be written

	mu      sync.Mutex
	faults  []*idptest.Fault
	heal    chan struct{}
	binds   int
	between func() // called once, between the answer to the next lookup and its delivery
	lookups int    // searches for a person and a group by their ids, which every change begins with
	others  int
	changes int            // successful modifications
	results map[int64]bool // codes that were passed on
	conns   map[net.Conn]bool
	closed  bool
	wait    sync.WaitGroup
}

func startProxy(t *testing.T, backend string, change func(*proxy)) *proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, backend: backend, heal: make(chan struct{}), conns: map[net.Conn]bool{}, results: map[int64]bool{}}
	if change != nil {
		change(p)
	}
	p.wait.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(p.stop)
	return p
}

func (p *proxy) stop() {
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.clear()
	p.wait.Wait()
}

// clear ends all faults and lets go who hangs.
func (p *proxy) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
	close(p.heal)
	p.heal = make(chan struct{})
}

func (p *proxy) inject(f idptest.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// track keeps a connection for stop.
func (p *proxy) track(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return !p.closed
}

func (p *proxy) forget(c net.Conn) {
	_ = c.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// cut ends all connections, as a restart of the server does.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// relay is one connection of the provider with its own to slapd.
type relay struct {
	p              *proxy
	client, server net.Conn
	fromClient     *bufio.Reader
	fromServer     *bufio.Reader
}

func (p *proxy) serve(client net.Conn) {
	defer p.forget(client)
	server, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.backend)
	if err != nil || !p.track(client) || !p.track(server) {
		return
	}
	defer p.forget(server)
	r := &relay{p: p, client: client, server: server, fromServer: bufio.NewReader(server)}
	if p.conf != nil && !p.startTLS {
		r.client = tls.Server(client, p.conf)
	}
	r.fromClient = bufio.NewReader(r.client)
	for {
		request, err := ber.ReadPacket(r.fromClient)
		if err != nil || len(request.Children) < 2 || !r.handle(request) {
			return
		}
	}
}

// handle passes one request on and reports whether the connection goes on.
func (r *relay) handle(request *ber.Packet) bool {
	switch request.Children[1].Tag {
	case vendor.ApplicationBindRequest:
		r.p.mu.Lock()
		r.p.binds++
		r.p.mu.Unlock()
	case vendor.ApplicationUnbindRequest:
		return false
	case vendor.ApplicationAbandonRequest:
		return true
	case vendor.ApplicationExtendedRequest:
		if r.p.startTLS {
			if !r.send(result(request, vendor.ApplicationExtendedResponse, 0, "")) {
				return false
			}
			r.client = tls.Server(r.client, r.p.conf)
			r.fromClient = bufio.NewReader(r.client)
			return true
		}
	case vendor.ApplicationSearchRequest, vendor.ApplicationModifyRequest:
		fault := r.p.take(request)
		if fault != nil {
			return r.suffer(fault.Kind, request)
		}
	}
	return r.pass(request)
}

// take counts the request and returns the fault that befalls it, or nil.
func (p *proxy) take(request *ber.Packet) *idptest.Fault {
	on := idptest.Reads
	if request.Children[1].Tag == vendor.ApplicationModifyRequest {
		on = idptest.Changes
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if isLookup(request) {
		p.lookups++
	} else {
		p.others++
	}
	for _, f := range p.faults {
		switch {
		case f.On != on || f.Times < 0:
		case f.Skip > 0:
			f.Skip--
		default:
			if f.Times > 0 {
				if f.Times--; f.Times == 0 {
					f.Times = -1
				}
			}
			return f
		}
	}
	return nil
}

// isLookup recognizes the search by two ids: an "or" of a person's filter and an equality.
func isLookup(request *ber.Packet) bool {
	op := request.Children[1]
	if op.Tag != vendor.ApplicationSearchRequest || len(op.Children) < 7 {
		return false
	}
	filter := op.Children[6]
	return filter.Tag == vendor.FilterOr && len(filter.Children) == 2 && filter.Children[0].Tag == vendor.FilterAnd && filter.Children[1].Tag == vendor.FilterEqualityMatch
}

// suffer lets the request go wrong.
func (r *relay) suffer(kind idptest.FaultKind, request *ber.Packet) bool {
	answer := ber.Tag(vendor.ApplicationSearchResultDone)
	if request.Children[1].Tag == vendor.ApplicationModifyRequest {
		answer = vendor.ApplicationModifyResponse
	}
	switch kind {
	case idptest.CutBefore:
		return false
	case idptest.CutAfter:
		_, _ = r.exchange(request)
		return false
	case idptest.HangBefore:
		return r.hang()
	case idptest.HangAfter:
		_, _ = r.exchange(request)
		return r.hang()
	case idptest.Slow:
		time.Sleep(50 * time.Millisecond)
		return r.pass(request)
	case idptest.ProxyPage:
		_, _ = io.WriteString(r.client, "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\n\r\n<html><body>Bad gateway</body></html>\r\n")
		return false
	case idptest.Truncated:
		answers, ok := r.exchange(request)
		if !ok {
			return false
		}
		raw := answers[0].Bytes()
		_, _ = r.client.Write(raw[:len(raw)/2])
		return false
	case idptest.WrongTypes:
		return r.send(wrongTypes(request, answer))
	}
	code, text := codeOf(kind, answer)
	return r.send(result(request, answer, code, text))
}

// codeOf is what a server answers. The texts are those of slapd and of domain controllers.
func codeOf(kind idptest.FaultKind, answer ber.Tag) (int64, string) {
	switch kind {
	case idptest.RateLimited, idptest.RateLimitedBare:
		return vendor.LDAPResultBusy, "too many requests for ada.byron@suite.example"
	case idptest.ServerError:
		return vendor.LDAPResultOther, "internal error\nat line two"
	case idptest.ServerErrorEmpty:
		return vendor.LDAPResultOperationsError, ""
	case idptest.ReadOnly:
		if answer == vendor.ApplicationModifyResponse {
			return vendor.LDAPResultUnwillingToPerform, "operation restricted"
		}
		return vendor.LDAPResultUnavailable, "shutting down"
	case idptest.Rejected:
		return vendor.LDAPResultOperationsError, "000004DC: LdapErr: DSID-0C0907C2, comment: In order to perform this operation a successful bind must be completed on the connection., data 0, v3839"
	case idptest.Denied:
		return vendor.LDAPResultInsufficientAccessRights, "no write access to parent"
	}
	return vendor.LDAPResultOther, "unknown fault"
}

// hang waits until somebody heals the proxy or the other side gives up.
func (r *relay) hang() bool {
	r.p.mu.Lock()
	heal := r.p.heal
	r.p.mu.Unlock()
	gone := make(chan struct{})
	r.p.wait.Go(func() {
		_, _ = io.Copy(io.Discard, r.fromClient)
		close(gone)
	})
	select {
	case <-heal:
	case <-gone:
	}
	return false
}

// pass is what happens when nothing goes wrong.
func (r *relay) pass(request *ber.Packet) bool {
	answers, ok := r.exchange(request)
	if isLookup(request) {
		r.p.mu.Lock()
		between := r.p.between
		r.p.between = nil
		r.p.mu.Unlock()
		if between != nil {
			between()
		}
	}
	return ok && r.send(answers...)
}

// exchange sends the request to slapd and reads the whole answer.
func (r *relay) exchange(request *ber.Packet) ([]*ber.Packet, bool) {
	if r.p.windows {
		return r.windowsExchange(request)
	}
	return r.ask(request)
}

func (r *relay) ask(request *ber.Packet) ([]*ber.Packet, bool) {
	if _, err := r.server.Write(request.Bytes()); err != nil {
		return nil, false
	}
	var answers []*ber.Packet
	for {
		answer, err := ber.ReadPacket(r.fromServer)
		if err != nil || len(answer.Children) < 2 {
			return nil, false
		}
		answers = append(answers, answer)
		tag := answer.Children[1].Tag
		if tag != vendor.ApplicationSearchResultEntry && tag != vendor.ApplicationSearchResultReference {
			r.p.note(answer)
			return answers, true
		}
	}
}

func (p *proxy) note(answer *ber.Packet) {
	code, _ := answer.Children[1].Children[0].Value.(int64)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.results[code] = true
	if answer.Children[1].Tag == vendor.ApplicationModifyResponse && code == 0 {
		p.changes++
	}
}

// saw reports whether slapd has answered with this code.
func (p *proxy) saw(code int64) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.results[code]
}

// signIns is how often somebody tried to sign in.
func (p *proxy) signIns() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.binds
}

// meanwhile has f called between the next lookup of a change and the change.
func (p *proxy) meanwhile(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.between = f
}

func (p *proxy) counts() (lookups, others, changes int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lookups, p.others, p.changes
}

func (r *relay) send(packets ...*ber.Packet) bool {
	for _, packet := range packets {
		if _, err := r.client.Write(packet.Bytes()); err != nil {
			return false
		}
	}
	return true
}

// result makes an answer that consists of a result code.
func result(request *ber.Packet, tag ber.Tag, code int64, text string) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", ""))
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, text, ""))
	return message(request, op)
}

// wrongTypes is well-formed BER whose code is a text and whose texts are numbers.
func wrongTypes(request *ber.Packet, tag ber.Tag) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "success", ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(7), ""))
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, int64(7), ""))
	return message(request, op)
}

func message(request, op *ber.Packet) *ber.Packet {
	id, _ := request.Children[0].Value.(int64)
	packet := ber.NewSequence("")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	packet.AppendChild(op)
	return packet
}
