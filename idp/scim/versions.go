package scim

import (
	"context"
	"strings"
	"sync"

	"usher/idp"
	"usher/idp/rest"
)

// versions remembers the version that the server gave each group last, so that a change can say upon what it is based. It is
// safe for concurrent use.
type versions struct {
	mu    sync.Mutex
	last  map[idp.GroupID]string
	turns map[turn]chan struct{}
}

// turn names a queue: changes of one group that are all based on its version must come one after the other, or all but one
// would be in vain. Removals do not queue behind anything else.
type turn struct {
	group   idp.GroupID
	removal bool
}

func newVersions() *versions {
	return &versions{last: map[idp.GroupID]string{}, turns: map[turn]chan struct{}{}}
}

func (v *versions) get(id idp.GroupID) string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.last[id]
}

// keep remembers a version; "" forgets.
func (v *versions) keep(id idp.GroupID, version string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if version == "" {
		delete(v.last, id)
		return
	}
	v.last[id] = version
}

// enter waits for the turn to change a group, unless the change is given up. The caller must call the returned function when it
// is done.
func (v *versions) enter(ctx context.Context, op string, id idp.GroupID) (func(), error) {
	key := turn{id, idp.PriorityOf(ctx) == idp.Removal}
	v.mu.Lock()
	c := v.turns[key]
	if c == nil {
		c = make(chan struct{}, 1)
		v.turns[key] = c
	}
	v.mu.Unlock()
	wait, done := idp.Waiting(ctx)
	defer done()
	select {
	case c <- struct{}{}:
		return func() { <-c }, nil
	case <-wait.Done():
		return nil, &idp.Error{Kind: idp.Unavailable, Op: op, Err: context.Cause(wait)}
	}
}

// versionIn returns the version that an answer gives: the resource's own, else the header. "" means none.
func versionIn(a *rest.Answer, inBody string) string {
	for _, v := range []string{inBody, a.Header.Get("ETag")} {
		if tag := strings.TrimPrefix(v, "W/"); len(tag) >= 2 && len(v) <= 256 && tag[0] == '"' && tag[len(tag)-1] == '"' && isHeader(v) {
			return v
		}
	}
	return ""
}

type versionKey struct{}

// withVersion lets a request carry If-Match.
func withVersion(ctx context.Context, version string) context.Context {
	return context.WithValue(ctx, versionKey{}, version)
}

func versionOf(ctx context.Context) string {
	v, _ := ctx.Value(versionKey{}).(string)
	return v
}
