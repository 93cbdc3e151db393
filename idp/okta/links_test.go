package okta

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestTheCursorIsFoundInEveryWayOfWritingLinks(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		lines []string
		want  string
		err   error
	}{
		{"no links", nil, "", nil},
		{"self only", []string{`<https://a/x?after=1>; rel="self"`}, "", nil},
		{"two lines", []string{`<https://a/x?after=1>; rel="self"`, `<https://a/x?after=2>; rel="next"`}, "2", nil},
		{"joined", []string{`<https://a/x?after=1>; rel="self", <https://a/x?after=2>; rel="next"`}, "2", nil},
		{"joined the other way", []string{`<https://a/x?after=2>; rel="next",<https://a/x?after=1>; rel="self"`}, "2", nil},
		{"without quotes", []string{`<https://a/x?after=2>; rel=next`}, "2", nil},
		{"more parameters", []string{`<https://a/x?after=2>; title="a, b; rel=self"; REL="next last"`}, "2", nil},
		{"commas in the address", []string{`<https://a/x?q=1,2&after=2,3>; rel="next"`}, "2,3", nil},
		{"escaped", []string{`<https://a/x?after=a%2Bb%3D&limit=200>; rel="next"`}, "a+b=", nil},
		{"no cursor", []string{`<https://a/x>; rel="next"`}, "", errNoCursor},
		{"empty cursor", []string{`<https://a/x?after=>; rel="next"`}, "", errNoCursor},
		{"no address", []string{`<://%>; rel="next"`}, "", errNoCursor},
		{"garbage", []string{`next`, `<`, `<>`, `>;rel=next`}, "", nil},
	}
	for _, c := range cases {
		h := http.Header{}
		for _, line := range c.lines {
			h.Add("Link", line)
		}
		got, err := nextCursor(h)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: got %q, %v; want %q, %v", c.name, got, err, c.want, c.err)
		}
	}
}

func FuzzNextCursor(f *testing.F) {
	f.Add(`<https://a/x?after=1>; rel="self", <https://a/x?after=2>; rel="next"`)
	f.Add(`<>;;;,"`)
	f.Fuzz(func(t *testing.T, line string) {
		cursor, err := nextCursor(http.Header{"Link": {line}})
		if cursor != "" && (err != nil || !strings.Contains(line, "<")) {
			t.Fatalf("cursor %q and error %v from %q", cursor, err, line)
		}
	})
}

func FuzzFailure(f *testing.F) {
	f.Add([]byte(`{"errorCode":"E0000007","errorSummary":"Not found"}`))
	f.Add([]byte(`<html>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, status := range []int{200, 302, 400, 401, 403, 404, 409, 429, 500, 501, 503} {
			x := &exchange{status: status, body: body, header: http.Header{}}
			e := x.errorOf("read user", "user_not_found")
			if e.Kind == "" || e.Code == "" || strings.ContainsAny(e.Error(), "\r\n") {
				t.Fatalf("%d: %#v", status, e)
			}
		}
	})
}
