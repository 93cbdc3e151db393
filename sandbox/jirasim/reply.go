package jirasim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sort"
	"strings"
)

// object is a JSON object.
type object = map[string]any

// reply is an answer before it is written. A nil body is an empty one.
type reply struct {
	status int
	body   any
	html   string
	header map[string]string
}

func ok(body any) reply      { return reply{status: http.StatusOK, body: body} }
func created(body any) reply { return reply{status: http.StatusCreated, body: body} }
func nothing() reply         { return reply{status: http.StatusNoContent} }

// refusal is an error that Jira reports in its usual form: messages for the whole call and one sentence per field.
type refusal struct {
	status   int
	messages []string
	fields   map[string]string
	header   map[string]string
}

func (e *refusal) Error() string {
	parts := append([]string(nil), e.messages...)
	for _, k := range sortedKeys(e.fields) {
		parts = append(parts, k+": "+e.fields[k])
	}
	return strings.Join(parts, "; ")
}

func (e *refusal) reply() reply {
	messages := e.messages
	if messages == nil {
		messages = []string{}
	}
	fields := e.fields
	if fields == nil {
		fields = map[string]string{}
	}
	return reply{status: e.status, body: object{"errorMessages": messages, "errors": fields}, header: e.header}
}

func refuse(status int, message string) *refusal {
	return &refusal{status: status, messages: []string{message}}
}

func refuseField(field, message string) *refusal {
	return &refusal{status: http.StatusBadRequest, fields: map[string]string{field: message}}
}

// problems gathers refusals of several fields of one call.
type problems map[string]string

func (p problems) add(field, message string) {
	if _, has := p[field]; !has {
		p[field] = message
	}
}

func (p problems) err() error {
	if len(p) == 0 {
		return nil
	}
	return &refusal{status: http.StatusBadRequest, fields: p}
}

// rendered is an answer as bytes.
type rendered struct {
	status int
	header http.Header
	body   []byte
}

func (c *call) render(ans reply) rendered {
	out := rendered{status: ans.status, header: http.Header{}}
	for k, v := range c.headers {
		out.header[k] = v
	}
	out.header.Set("Atl-Traceid", traceID(c.seq))
	out.header.Set("X-Arequestid", traceID(c.seq))
	out.header.Set("Cache-Control", "no-cache, no-store, no-transform")
	if c.who != nil {
		out.header.Set("X-Aaccountid", strings.ReplaceAll(c.who.AccountID, ":", "%3A"))
	}
	for k, v := range ans.header {
		out.header.Set(k, v)
	}
	switch {
	case ans.html != "":
		out.header.Set("Content-Type", "text/html;charset=UTF-8")
		out.body = []byte(ans.html)
	case ans.body != nil:
		out.header.Set("Content-Type", "application/json;charset=UTF-8")
		out.body = marshal(ans.body)
	}
	return out
}

func marshal(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return []byte(`{"errorMessages":["Internal server error"],"errors":{}}`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

func traceID(seq int) string {
	const digits = "0123456789abcdef"
	id := []byte("00000000000000000000000000000000")
	for i := len(id) - 1; seq > 0 && i >= 0; i-- {
		id[i] = digits[seq&15]
		seq >>= 4
	}
	return string(id)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// splitList reads a query parameter that may be repeated, comma-separated or both.
func splitList(values []string) []string {
	var out []string
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}
