package ldap_test

import (
	"slices"
	"strconv"
	"strings"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	vendor "github.com/go-ldap/ldap/v3"
)

// rangeSize is how many values of one attribute a domain controller gives at a time.
const rangeSize = 1500

// What a domain controller says when there is nothing to add or to remove.
const (
	alreadyMember = "00000562: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0"
	notAMember    = "00000561: SvcErr: DSID-031A1254, problem 5003 (WILL_NOT_PERFORM), data 0"
)

// windowsExchange does what slapd does not do like a domain controller: distinguishedName is asked for by slapd's own name,
// long lists come in ranges, repeated changes have other codes, and the rootDSE and computed attributes are there.
func (r *relay) windowsExchange(request *ber.Packet) ([]*ber.Packet, bool) {
	op := request.Children[1]
	switch op.Tag {
	case vendor.ApplicationModifyRequest:
		answers, ok := r.ask(request)
		if !ok {
			return nil, false
		}
		switch code, _ := answers[0].Children[1].Children[0].Value.(int64); code {
		case vendor.LDAPResultAttributeOrValueExists:
			return []*ber.Packet{result(request, vendor.ApplicationModifyResponse, vendor.LDAPResultEntryAlreadyExists, alreadyMember)}, true
		case vendor.LDAPResultNoSuchAttribute:
			return []*ber.Packet{result(request, vendor.ApplicationModifyResponse, vendor.LDAPResultUnwillingToPerform, notAMember)}, true
		}
		return answers, true
	case vendor.ApplicationSearchRequest:
		asked := attributesOf(op)
		answers, ok := r.ask(toSlapd(request))
		if !ok {
			return nil, false
		}
		for i, answer := range answers {
			if answer.Children[1].Tag == vendor.ApplicationSearchResultEntry {
				answers[i] = r.p.asController(answer, asked)
			}
		}
		return answers, true
	}
	return r.ask(request)
}

func attributesOf(search *ber.Packet) []string {
	var names []string
	for _, a := range search.Children[7].Children {
		names = append(names, a.Data.String())
	}
	return names
}

// toSlapd rewrites the name by which entries are found by their names, and takes ranges off attributes.
func toSlapd(p *ber.Packet) *ber.Packet {
	copied := ber.Encode(p.ClassType, p.TagType, p.Tag, nil, "")
	if p.TagType == ber.TypeConstructed {
		for _, child := range p.Children {
			copied.AppendChild(toSlapd(child))
		}
		return copied
	}
	text := p.Data.String()
	if text == "distinguishedName" {
		text = "entryDN"
	}
	text, _, _ = strings.Cut(text, ";range=")
	copied.Data.WriteString(text)
	return copied
}

// asController rewrites one entry of an answer.
func (p *proxy) asController(answer *ber.Packet, asked []string) *ber.Packet {
	op := answer.Children[1]
	dn := op.Children[0].Data.String()
	entry := ber.Encode(ber.ClassApplication, ber.TypeConstructed, vendor.ApplicationSearchResultEntry, nil, "")
	entry.AppendChild(octets(dn))
	attributes := ber.NewSequence("")
	for _, a := range op.Children[1].Children {
		var values []string
		for _, v := range a.Children[1].Children {
			values = append(values, v.Data.String())
		}
		name, part := inRange(a.Children[0].Data.String(), values, asked)
		if strings.Contains(name, ";range=") {
			attributes.AppendChild(attribute("member", nil)) // there, and empty
		}
		attributes.AppendChild(attribute(name, part))
	}
	if slices.Contains(asked, "supportedCapabilities") {
		attributes.AppendChild(attribute("supportedCapabilities", []string{"1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1670"}))
		attributes.AppendChild(attribute("defaultNamingContext", []string{windowsSuffix}))
		attributes.AppendChild(attribute("currentTime", []string{time.Now().UTC().Format("20060102150405.0Z")}))
	}
	if slices.Contains(asked, "allowedAttributesEffective") && !p.locked {
		attributes.AppendChild(attribute("allowedAttributesEffective", []string{"description", "member"}))
	}
	entry.AppendChild(attributes)
	return message(answer, entry)
}

// inRange cuts a long list of members as the request asks for it.
func inRange(name string, values, asked []string) (string, []string) {
	if !strings.EqualFold(name, "member") {
		return name, values
	}
	from := 0
	for _, a := range asked {
		if bounds, ok := strings.CutPrefix(a, "member;range="); ok {
			low, _, _ := strings.Cut(bounds, "-")
			from, _ = strconv.Atoi(low)
		}
	}
	if len(values) <= rangeSize && from == 0 {
		return name, values
	}
	from = min(from, len(values))
	if rest := values[from:]; len(rest) <= rangeSize {
		return "member;range=" + strconv.Itoa(from) + "-*", rest
	}
	to := from + rangeSize
	return "member;range=" + strconv.Itoa(from) + "-" + strconv.Itoa(to-1), values[from:to]
}

func attribute(name string, values []string) *ber.Packet {
	a := ber.NewSequence("")
	a.AppendChild(octets(name))
	set := ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	for _, v := range values {
		set.AppendChild(octets(v))
	}
	a.AppendChild(set)
	return a
}

func octets(text string) *ber.Packet {
	p := ber.Encode(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, nil, "")
	p.Data.WriteString(text)
	return p
}
