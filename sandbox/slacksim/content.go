package slacksim

import (
	"unicode/utf8"
)

const (
	textMax       = 40000 // longer text is cut when posting
	updateTextMax = 4000  // longer text is refused when updating
	markdownMax   = 12000
	metadataMax   = 16000
	blocksMax     = 100000 // characters of all blocks of a message together
)

// content is what a message says, as a method received it.
type content struct {
	text        string
	hasText     bool
	blocks      []any
	hasBlocks   bool
	attachments []any
	hasAttached bool
	metadata    any
	hasMetadata bool
}

// readContent reads and checks the arguments that all writing methods share.
func (s *Server) readContent(a *arguments, longest int) (*content, error) {
	c := &content{text: a.text("text"), hasText: a.has("text")}
	if err := s.readBlocks(a, c); err != nil {
		return nil, err
	}
	attachments, err := a.structure("attachments")
	list, isList := attachments.([]any)
	if err != nil || (attachments != nil && !isList) {
		return nil, badArgs("must provide an array: attachments")
	}
	if len(list) > 100 {
		return nil, fail("too_many_attachments")
	}
	c.attachments, c.hasAttached = list, attachments != nil
	if err := c.readMarkdown(a); err != nil {
		return nil, err
	}
	if err := c.readMetadata(a); err != nil {
		return nil, err
	}
	if !c.hasText && len(c.blocks) == 0 && len(c.attachments) == 0 {
		return nil, fail("no_text")
	}
	if n := utf8.RuneCountInString(c.text); n > longest {
		if longest == updateTextMax {
			return nil, fail("msg_too_long")
		}
		c.text = string([]rune(c.text)[:longest])
	}
	c.text = emojiCodes(linkBare(c.text))
	return c, nil
}

func (s *Server) readBlocks(a *arguments, c *content) error {
	blocks, err := a.structure("blocks")
	if err != nil {
		return fail("invalid_blocks_format")
	}
	if blocks == nil {
		return nil
	}
	list, ok := blocks.([]any)
	if !ok {
		return fail("invalid_blocks_format")
	}
	if len(encode(list)) > blocksMax {
		return fail("msg_blocks_too_long")
	}
	if faults := s.kit.message(list); len(faults) > 0 {
		return &apiError{code: "invalid_blocks", messages: faults.strings(), pointers: true}
	}
	c.blocks, c.hasBlocks = s.settle(list), true
	return nil
}

func (c *content) readMarkdown(a *arguments) error {
	if !a.has("markdown_text") {
		return nil
	}
	if c.hasText || c.hasBlocks {
		return fail("markdown_text_conflict")
	}
	text := a.text("markdown_text")
	if utf8.RuneCountInString(text) > markdownMax {
		return fail("msg_too_long")
	}
	c.text, c.hasText = text, true
	return nil
}

func (c *content) readMetadata(a *arguments) error {
	v, err := a.structure("metadata")
	if err != nil {
		return fail("invalid_metadata_format")
	}
	if v == nil {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		return fail("invalid_metadata_format")
	}
	if len(m) == 0 {
		return nil
	}
	kind, _ := m["event_type"].(string)
	payload, isObject := m["event_payload"].(map[string]any)
	if kind == "" || !isObject {
		return fail("invalid_metadata_schema")
	}
	if len(encode(payload)) > metadataMax {
		return fail("metadata_too_large")
	}
	c.metadata, c.hasMetadata = m, true
	return nil
}

// into fills a new message.
func (c *content) into(m *message) {
	m.text, m.blocks, m.metadata = c.text, c.blocks, c.metadata
	if c.hasAttached && len(c.attachments) > 0 {
		m.files = c.attachments
	}
}

// over updates a message: text without blocks removes the blocks, blocks without text keep the text,
// attachments and metadata stay unless they are named.
func (c *content) over(m *message) {
	switch {
	case c.hasBlocks:
		m.blocks = c.blocks
		if len(c.blocks) == 0 {
			m.blocks = nil
		}
	case c.hasText:
		m.blocks = nil
	}
	if c.hasText {
		m.text = c.text
	}
	if c.hasAttached {
		m.files = nil
		if len(c.attachments) > 0 {
			m.files = c.attachments
		}
	}
	if c.hasMetadata {
		m.metadata = c.metadata
	}
}
