package bot

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
	"github.com/slack-go/slack/socketmode"
)

// CrashPoints are the names that Config.Crash is called with: before and after everything that the bot and its notifier
// do outside on the way of a request. "after ack" means that the acknowledgement was handed to the socket, not that it
// is on the wire. "after" comes whether the call succeeded or not.
func CrashPoints() []string {
	var list []string
	for _, call := range []string{callAck, callOpenView, callPushView, callUpdateView, callAnswer, callPublishHome, callPost, callUpdate} {
		list = append(list, "before "+call, "after "+call)
	}
	return list
}

// The outside calls of CrashPoints.
const (
	callAck         = "ack"
	callOpenView    = "open view"
	callPushView    = "push view"
	callUpdateView  = "update view"
	callAnswer      = "answer" // To a response_url.
	callPublishHome = "publish home"
	callPost        = "post"
	callUpdate      = "update" // Of a message.
)

// outside does one outside call between its two points.
func (c *Config) outside(call string, do func() error) error {
	if c.Crash == nil {
		return do()
	}
	c.Crash("before " + call)
	err := do()
	c.Crash("after " + call)
	return err
}

func (b *Bot) openView(ctx context.Context, trigger string, v slack.ModalViewRequest) (id string, err error) {
	err = b.cfg.outside(callOpenView, func() error {
		r, err := b.api.OpenViewContext(ctx, trigger, v)
		if err == nil {
			id = r.ID
		}
		return err
	})
	return id, err
}

func (b *Bot) pushView(ctx context.Context, trigger string, v slack.ModalViewRequest) error {
	return b.cfg.outside(callPushView, func() error {
		_, err := b.api.PushViewContext(ctx, trigger, v)
		return err
	})
}

// updateView replaces a view that is open and reports whether it did. That it was closed meanwhile is no fault.
func (b *Bot) updateView(ctx context.Context, viewID string, v slack.ModalViewRequest) bool {
	ctx, cancel := inTime(ctx)
	defer cancel()
	err := b.cfg.outside(callUpdateView, func() error {
		_, err := b.api.UpdateViewContext(ctx, v, "", "", viewID)
		return err
	})
	if err != nil && code(err) != "not_found" {
		b.log.Warn("update view", "view", viewID, "err", safeCause(err))
	}
	return err == nil
}

func (b *Bot) publishHome(ctx context.Context, r slack.PublishViewContextRequest) error {
	return b.cfg.outside(callPublishHome, func() error {
		_, err := b.api.PublishViewContext(ctx, r)
		return err
	})
}

func (n *Notifier) post(ctx context.Context, to string, options ...slack.MsgOption) (channel, ts string, err error) {
	err = n.cfg.outside(callPost, func() error {
		channel, ts, err = n.api.PostMessageContext(ctx, to, options...)
		return err
	})
	return channel, ts, err
}

func (n *Notifier) update(ctx context.Context, channel, ts string, options ...slack.MsgOption) error {
	return n.cfg.outside(callUpdate, func() error {
		_, _, _, err := n.api.UpdateMessageContext(ctx, channel, ts, options...)
		return err
	})
}

// maxIdle is how many connections wait for the next call: more than calls are under way at once, so that none is opened anew for
// each call when there is much to do.
const maxIdle = 64

// transport is for the Web API. Proxies of the environment belong to the ordinary network.
func (c *Config) transport() *http.Transport {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: 90 * time.Second,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true,
	}
	if c.Dial != nil {
		t.Proxy, t.DialContext = nil, c.Dial
	}
	return t
}

// dialer is for the sockets. Its write buffer holds the largest acknowledgement in one frame, for Slack drops those that
// come in several without a word.
func (c *Config) dialer() *websocket.Dialer {
	d := &websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: 10 * time.Second, WriteBufferSize: 32 << 10}
	dial := new(net.Dialer).DialContext
	if c.Dial != nil {
		d.Proxy, dial = nil, c.Dial
	}
	d.NetDialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
			err = tcp.SetReadBuffer(receiveMax)
		}
		return conn, err
	}
	return d
}

// receiveMax bounds what the kernel takes of a socket before the bot does. In a flood the rest waits at Slack, where it
// outlives this process, and no delivery waits here longer than it takes to work on that much. It must be more than one
// segment of the path, 64 KiB on a loopback: Linux reopens a full window by whole segments (RFC 9293, 3.8.6.2.2), and with
// room for just one the sender waits for its timer of 200 ms instead.
const receiveMax = 128 << 10

// socket makes a Socket Mode client.
func (c *Config) socket() *socketmode.Client {
	return socketmode.New(c.api(), socketmode.OptionDialer(c.dialer()), socketmode.OptionReadLimit(readLimit), socketmode.OptionLog(quietLog{c.Logger}))
}
