package ldap

import (
	"errors"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
	ldap "github.com/go-ldap/ldap/v3"
)

// condition is a search filter that is applied here instead of by the server, so that whoever was read is judged without
// another request. The zero condition matches nothing.
type condition struct {
	op        ber.Tag // FilterAnd, FilterOr, FilterNot, FilterEqualityMatch or FilterPresent
	attribute string
	value     string
	parts     []condition
}

var errCondition = errors.New("may consist of equality, presence, and, or, not only, for example (employeeStatus=left)")

func parseCondition(text string) (condition, error) {
	if text == "" {
		return condition{}, nil
	}
	packet, err := ldap.CompileFilter(text)
	if err != nil {
		return condition{}, errCondition
	}
	return conditionOf(packet)
}

func conditionOf(p *ber.Packet) (condition, error) {
	c := condition{op: p.Tag}
	switch p.Tag {
	case ldap.FilterAnd, ldap.FilterOr, ldap.FilterNot:
		for _, child := range p.Children {
			part, err := conditionOf(child)
			if err != nil {
				return condition{}, err
			}
			c.parts = append(c.parts, part)
		}
		return c, nil
	case ldap.FilterEqualityMatch:
		if len(p.Children) == 2 {
			c.attribute, c.value = p.Children[0].Data.String(), p.Children[1].Data.String()
			return c, nil
		}
	case ldap.FilterPresent:
		c.attribute = p.Data.String()
		return c, nil
	default:
	}
	return condition{}, errCondition
}

// matches judges the attributes of an entry; letter case and surrounding blanks do not matter.
func (c condition) matches(e entry) bool {
	switch c.op {
	case ldap.FilterNot:
		return len(c.parts) == 1 && !c.parts[0].matches(e)
	case ldap.FilterAnd, ldap.FilterOr:
		for _, part := range c.parts {
			if part.matches(e) == (c.op == ldap.FilterOr) {
				return c.op == ldap.FilterOr
			}
		}
		return c.op == ldap.FilterAnd && len(c.parts) > 0
	case ldap.FilterPresent:
		return len(e.all(c.attribute)) > 0
	case ldap.FilterEqualityMatch:
		for _, value := range e.all(c.attribute) {
			if strings.EqualFold(strings.TrimSpace(value), strings.TrimSpace(c.value)) {
				return true
			}
		}
	default:
	}
	return false
}

// attributes names what must be read for it.
func (c condition) attributes() []string {
	var names []string
	if c.attribute != "" {
		names = append(names, c.attribute)
	}
	for _, part := range c.parts {
		names = append(names, part.attributes()...)
	}
	return names
}
