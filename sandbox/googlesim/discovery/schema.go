package discovery

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// check judges a decoded JSON value by a type. where names the value in objections.
func (d *document) check(where string, s *schema, v any) []error {
	if s.Ref != "" {
		named := d.Schemas[s.Ref]
		if named == nil {
			return []error{fmt.Errorf("%s: unknown type %s", where, s.Ref)}
		}
		return d.check(where, named, v)
	}
	switch s.Type {
	case "any":
		return nil
	case "object":
		return d.checkObject(where, s, v)
	case "array":
		list, is := v.([]any)
		if !is {
			return []error{fmt.Errorf("%s: not a list", where)}
		}
		var objections []error
		for i, item := range list {
			objections = append(objections, d.check(fmt.Sprintf("%s[%d]", where, i), s.Items, item)...)
		}
		return objections
	}
	if err := checkScalar(s, v); err != nil {
		return []error{fmt.Errorf("%s: %w", where, err)}
	}
	return nil
}

func (d *document) checkObject(where string, s *schema, v any) []error {
	object, is := v.(map[string]any)
	if !is {
		return []error{fmt.Errorf("%s: not an object", where)}
	}
	var objections []error
	for name, value := range object {
		field := s.Properties[name]
		if field == nil {
			field = s.Additional
		}
		if field == nil {
			objections = append(objections, fmt.Errorf("%s.%s: not described", where, name))
			continue
		}
		objections = append(objections, d.check(where+"."+name, field, value)...)
	}
	return objections
}

func checkScalar(s *schema, v any) error {
	switch s.Type {
	case "boolean":
		if _, is := v.(bool); !is {
			return fmt.Errorf("%v is not a truth value", v)
		}
	case "integer":
		if n, is := v.(float64); !is || n != math.Trunc(n) {
			return fmt.Errorf("%v is not a whole number", v)
		}
	case "number":
		if _, is := v.(float64); !is {
			return fmt.Errorf("%v is not a number", v)
		}
	case "string":
		text, is := v.(string)
		if !is {
			return fmt.Errorf("%v is not a text", v)
		}
		return checkFormat(s, text)
	default:
		return fmt.Errorf("a type %q that is not judged", s.Type)
	}
	return nil
}

// checkFormat judges a text: numbers of 64 bits are texts as well.
func checkFormat(s *schema, text string) error {
	var err error
	switch s.Format {
	case "int64":
		_, err = strconv.ParseInt(text, 10, 64)
	case "uint64":
		_, err = strconv.ParseUint(text, 10, 64)
	case "date-time", "google-datetime":
		_, err = time.Parse(time.RFC3339, text)
	}
	if err != nil {
		return fmt.Errorf("%q is not of format %s", text, s.Format)
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, text) {
		return fmt.Errorf("%q is none of the described values", text)
	}
	return nil
}
