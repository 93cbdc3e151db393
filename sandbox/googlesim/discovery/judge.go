package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// Exchange judges one request and its answer. It returns the id of the method, such as "directory.members.insert", and every
// objection at once. An answer that is no success is judged by its envelope alone.
func (j *Judge) Exchange(method string, u *url.URL, request []byte, status int, answer []byte) (string, error) {
	m, vars := j.find(method, u.EscapedPath())
	if m == nil {
		return "", fmt.Errorf("%s %s: no such method", method, u.Path)
	}
	objections := m.checkPath(vars)
	objections = append(objections, m.checkQuery(u.Query())...)
	objections = append(objections, m.checkBody("request", m.Request, request)...)
	if status >= 200 && status <= 299 {
		objections = append(objections, m.checkBody("answer", m.Response, answer)...)
	} else if err := envelope(status, answer); err != nil {
		objections = append(objections, err)
	}
	for i, err := range objections {
		objections[i] = fmt.Errorf("%s: %w", m.ID, err)
	}
	return m.ID, errors.Join(objections...)
}

// find returns the method whose path has most letters in common.
func (j *Judge) find(verb, path string) (*method, []string) {
	var best *method
	var vars []string
	for _, m := range j.methods {
		if m.HTTPMethod != verb || best != nil && m.plain <= best.plain {
			continue
		}
		if found := m.shape.FindStringSubmatch(path); found != nil {
			best, vars = m, found[1:]
		}
	}
	return best, vars
}

func (m *method) checkPath(vars []string) []error {
	var objections []error
	for i, name := range m.names {
		p := m.Parameters[name]
		if p == nil || p.Location != "path" {
			continue // a part of a variable that holds slashes
		}
		value, err := url.PathUnescape(vars[i])
		if err == nil {
			err = p.checkText(value)
		}
		if err != nil {
			objections = append(objections, fmt.Errorf("path parameter %s: %w", name, err))
		}
	}
	return objections
}

func (m *method) checkQuery(query url.Values) []error {
	var objections []error
	for name, values := range query {
		p := m.Parameters[name]
		if p == nil || p.Location != "query" {
			if p = m.doc.Parameters[name]; p == nil {
				objections = append(objections, fmt.Errorf("query parameter %s: not described", name))
				continue
			}
		}
		for _, value := range values {
			if err := p.checkText(value); err != nil {
				objections = append(objections, fmt.Errorf("query parameter %s: %w", name, err))
			}
		}
	}
	for name, p := range m.Parameters {
		if p.Location == "query" && p.Required && !query.Has(name) {
			objections = append(objections, fmt.Errorf("query parameter %s: missing", name))
		}
	}
	return objections
}

// checkText judges a value in a path or query.
func (s *schema) checkText(value string) error {
	switch s.Type {
	case "integer":
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return errors.New("not a number")
		}
		if least, err := strconv.ParseInt(s.Minimum, 10, 64); err == nil && n < least {
			return fmt.Errorf("%d is less than %d", n, least)
		}
		if most, err := strconv.ParseInt(s.Maximum, 10, 64); err == nil && n > most {
			return fmt.Errorf("%d is more than %d", n, most)
		}
	case "boolean":
		if value != "true" && value != "false" {
			return errors.New("not a truth value")
		}
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		return fmt.Errorf("%q is none of the described values", value)
	}
	if s.Pattern != "" && !regexp.MustCompile(`^(?:`+s.Pattern+`)$`).MatchString(value) {
		return fmt.Errorf("%q does not fit the pattern", value)
	}
	return nil
}

// checkBody judges a body: absent if none is described, and JSON of the described type otherwise.
func (m *method) checkBody(what string, s *schema, body []byte) []error {
	if s == nil {
		if len(body) > 0 {
			return []error{fmt.Errorf("%s: a body where none is described", what)}
		}
		return nil
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return []error{fmt.Errorf("%s: not JSON", what)}
	}
	return m.doc.check(what, s, v)
}

// envelope judges an error by the form that all these APIs share.
func envelope(status int, body []byte) error {
	var e struct {
		Error *struct {
			Code    int
			Message string
			Status  string
			Errors  []struct{ Domain, Reason, Message string }
		}
	}
	switch err := json.Unmarshal(body, &e); {
	case err != nil || e.Error == nil:
		return errors.New("answer: not the envelope of an error")
	case e.Error.Code != status || e.Error.Message == "":
		return errors.New("answer: code or message of the error is wrong")
	case e.Error.Status == "" && len(e.Error.Errors) == 0:
		return errors.New("answer: the error has neither status nor reason")
	}
	return nil
}
