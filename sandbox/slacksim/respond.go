package slacksim

import (
	"encoding/json"
	"net/http"
)

// postToHook is what stands behind a response_url: five uses within thirty minutes.
func (s *Server) postToHook(r *http.Request, _ string, body []byte) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hooks[r.URL.Path]
	if h == nil || r.Method != http.MethodPost {
		return jsonAnswer(http.StatusNotFound, map[string]any{"ok": false, "error": "no_hook"})
	}
	if s.cfg.Now().Sub(h.born) > hookLife {
		return jsonAnswer(http.StatusNotFound, map[string]any{"ok": false, "error": "expired_url"})
	}
	if h.uses >= hookUses {
		return jsonAnswer(http.StatusNotFound, map[string]any{"ok": false, "error": "used_url"})
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(body, &fields) != nil {
		return textAnswer(http.StatusBadRequest, "invalid_payload")
	}
	for name, raw := range fields {
		if string(raw) == "null" {
			delete(fields, name)
		}
	}
	if err := s.useHook(h, &arguments{values: fields, asJSON: true}); err != nil {
		return textAnswer(http.StatusBadRequest, asAPIError(err).code)
	}
	h.uses++
	s.bump()
	a := textAnswer(http.StatusOK, "ok")
	a.changed = true
	return a
}

func (s *Server) useHook(h *hook, a *arguments) error {
	c, m := s.find(h.channel, h.ts)
	if c == nil {
		return fail("channel_not_found")
	}
	if a.boolean("delete_original") {
		if m == nil {
			return fail("message_not_found")
		}
		s.remove(c, m)
		return nil
	}
	content, err := s.readContent(a, textMax)
	if err != nil {
		return err
	}
	if a.boolean("replace_original") {
		if m == nil {
			return fail("message_not_found")
		}
		content.over(m)
		s.edited(c, m, content)
		return nil
	}
	m = s.post(c, content)
	m.threadTS = a.text("thread_ts")
	if a.text("response_type") != "in_channel" {
		m.to = h.user
	}
	m.keep(c.id)
	return nil
}
