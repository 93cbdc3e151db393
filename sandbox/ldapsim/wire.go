package ldapsim

import (
	"fmt"
	"strings"

	ber "github.com/go-asn1-ber/asn1-ber"
)

// Tags of operations and their answers (RFC 4511, 4.2 to 4.12).
const (
	tagBind      ber.Tag = 0
	tagBound     ber.Tag = 1
	tagUnbind    ber.Tag = 2
	tagSearch    ber.Tag = 3
	tagEntry     ber.Tag = 4
	tagFound     ber.Tag = 5
	tagModify    ber.Tag = 6
	tagModified  ber.Tag = 7
	tagAbandon   ber.Tag = 16
	tagReference ber.Tag = 19
)

// Choices of a filter (RFC 4511, 4.5.1.7).
const (
	filterAnd     ber.Tag = 0
	filterOr      ber.Tag = 1
	filterNot     ber.Tag = 2
	filterEqual   ber.Tag = 3
	filterPresent ber.Tag = 7
)

// Result codes (RFC 4511, 4.1.9).
const (
	codeSuccess     = 0
	codeOperations  = 1
	codeNoSuchEntry = 32
	codeCredentials = 49
	codeNoRight     = 50
	codeBusy        = 51
	codeUnavailable = 52
	codeOther       = 80
)

// resultName is the name of a result, for people.
func resultName(code int64) string {
	names := map[int64]string{
		codeSuccess: "success", codeOperations: "operationsError", 4: "sizeLimitExceeded", 16: "noSuchAttribute", 20: "attributeOrValueExists",
		codeNoSuchEntry: "noSuchObject", codeCredentials: "invalidCredentials", codeNoRight: "insufficientAccessRights", codeBusy: "busy",
		codeUnavailable: "unavailable", 53: "unwillingToPerform", 65: "objectClassViolation", codeOther: "other",
	}
	if name := names[code]; name != "" {
		return name
	}
	return fmt.Sprintf("result %d", code)
}

// text is a string as it came.
func text(p *ber.Packet) string {
	if p.Data != nil && p.Data.Len() > 0 {
		return p.Data.String()
	}
	s, _ := p.Value.(string)
	return s
}

func child(p *ber.Packet, i int) *ber.Packet {
	if p == nil || i >= len(p.Children) {
		return ber.NewSequence("")
	}
	return p.Children[i]
}

func integer(p *ber.Packet) int64 {
	n, _ := p.Value.(int64)
	return n
}

// filterText writes a filter as people do (RFC 4515), and "…" where it has what no request here needs.
func filterText(p *ber.Packet) string {
	switch p.Tag {
	case filterAnd, filterOr, filterNot:
		parts := make([]string, len(p.Children))
		for i, c := range p.Children {
			parts[i] = filterText(c)
		}
		return "(" + map[ber.Tag]string{filterAnd: "&", filterOr: "|", filterNot: "!"}[p.Tag] + strings.Join(parts, "") + ")"
	case filterEqual:
		return "(" + text(child(p, 0)) + "=" + text(child(p, 1)) + ")"
	case filterPresent:
		return "(" + text(p) + "=*)"
	default:
		return "(…)"
	}
}

// equalTo is the value that the filter compares an attribute with, wherever in it; empty if it does not.
func equalTo(p *ber.Packet, attribute string) string {
	if p.Tag == filterEqual && strings.EqualFold(text(child(p, 0)), attribute) {
		return text(child(p, 1))
	}
	if p.Tag == filterAnd || p.Tag == filterOr || p.Tag == filterNot {
		for _, c := range p.Children {
			if value := equalTo(c, attribute); value != "" {
				return value
			}
		}
	}
	return ""
}

// message puts an operation into the envelope with the id of the request.
func message(id int64, op *ber.Packet) *ber.Packet {
	packet := ber.NewSequence("")
	packet.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	packet.AppendChild(op)
	return packet
}

func operation(tag ber.Tag, parts ...*ber.Packet) *ber.Packet {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	for _, p := range parts {
		op.AppendChild(p)
	}
	return op
}

func octets(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func enumerated(n int64) *ber.Packet {
	return ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, n, "")
}

// answerTo is the tag of the result of an operation.
func answerTo(tag ber.Tag) ber.Tag {
	switch tag {
	case tagBind:
		return tagBound
	case tagSearch:
		return tagFound
	case tagModify:
		return tagModified
	default:
		return tag + 1
	}
}

// refusal is an answer that consists of a result.
func refusal(request *ber.Packet, code int64, words string) *ber.Packet {
	tag := answerTo(request.Children[1].Tag)
	return message(integer(request.Children[0]), operation(tag, enumerated(code), octets(""), octets(words)))
}
