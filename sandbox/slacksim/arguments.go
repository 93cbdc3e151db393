package slacksim

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// arguments are those of one method call, whichever way they came: query, form, multipart or JSON.
type arguments struct {
	token  string
	values map[string]json.RawMessage // form values are JSON strings here
	asJSON bool
	warn   string // missing_charset or superfluous_charset
}

// readArguments understands the bodies that Slack understands. formOnly methods do not look into a JSON body.
func readArguments(r *http.Request, body []byte, formOnly bool) (*arguments, error) {
	a := &arguments{values: map[string]json.RawMessage{}}
	a.addForm(r.URL.Query())
	kind := r.Header.Get("Content-Type")
	if r.Method == http.MethodPost && (kind != "" || len(body) > 0) {
		if err := a.readBody(kind, body, formOnly); err != nil {
			return nil, err
		}
	}
	if raw, ok := a.values["token"]; ok {
		_ = json.Unmarshal(raw, &a.token) // a token that is no string is no token
		delete(a.values, "token")
	}
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		if strings.EqualFold(scheme, "Bearer") {
			a.token = strings.TrimSpace(token)
		}
	}
	return a, nil
}

func (a *arguments) readBody(kind string, body []byte, formOnly bool) error {
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		return fail("invalid_post_type")
	}
	switch media {
	case "application/json":
		a.asJSON = true
		if params["charset"] == "" {
			a.warn = "missing_charset"
		}
		if formOnly {
			return nil
		}
		return a.readJSON(body)
	case "application/x-www-form-urlencoded":
		if params["charset"] != "" {
			a.warn = "superfluous_charset"
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return fail("invalid_form_data")
		}
		a.addForm(form)
		return nil
	case "multipart/form-data":
		form, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).ReadForm(1 << 20)
		if err != nil {
			return fail("invalid_form_data")
		}
		a.addForm(form.Value)
		return nil
	}
	return fail("invalid_post_type")
}

func (a *arguments) addForm(form url.Values) {
	for name, values := range form {
		if len(values) == 0 {
			continue
		}
		raw, err := json.Marshal(values[len(values)-1])
		if err == nil {
			a.values[name] = raw
		}
	}
}

func (a *arguments) readJSON(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	if !json.Valid(body) {
		return fail("invalid_json")
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return fail("json_not_object")
	}
	for name, raw := range fields {
		if string(raw) != "null" {
			a.values[name] = raw
		}
	}
	return nil
}

// has tells whether an argument came and is neither null nor empty text.
func (a *arguments) has(name string) bool {
	raw, ok := a.values[name]
	return ok && string(raw) != `""`
}

// text gives an argument as text; numbers and truth values in JSON count as their literals.
func (a *arguments) text(name string) string {
	raw, ok := a.values[name]
	if !ok {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

// list gives the ids of an argument that is a comma-separated text or a JSON list.
func (a *arguments) list(name string) []string {
	var out []string
	if json.Unmarshal(a.values[name], &out) == nil {
		return out
	}
	for part := range strings.SplitSeq(a.text(name), ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (a *arguments) boolean(name string) bool {
	switch a.text(name) {
	case "true", "1":
		return true
	}
	return false
}

// number gives a whole number, or an error naming the argument.
func (a *arguments) number(name string, standard int) (int, error) {
	if !a.has(name) {
		return standard, nil
	}
	n, err := strconv.Atoi(a.text(name))
	if err != nil {
		return 0, errors.New("must be a number: " + name)
	}
	return n, nil
}

// structure gives an argument that is JSON, sent as JSON or as JSON inside a form's text. nil when it did not come.
func (a *arguments) structure(name string) (any, error) {
	raw, ok := a.values[name]
	if !ok {
		return nil, nil
	}
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		if strings.TrimSpace(inner) == "" {
			return nil, nil
		}
		raw = json.RawMessage(inner)
	}
	return decode(raw)
}

// decode reads one JSON value and keeps its numbers as they were written.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if d.More() {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

// encode writes a value that came from decode or was made of plain maps and lists.
func encode(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
