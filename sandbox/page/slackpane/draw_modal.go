package slackpane

import (
	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"usher/sandbox/page/blockkit"
)

// draw is the view in front.
func (m modal) draw() g.Node {
	title := "sl-modal-title-" + m.ID
	return g.Group{
		h.Div(h.Class("sl-veil"), unheard()),
		h.Div(
			h.Class("sl-modal"), h.ID("sl-modal-"+m.ID), h.Role("dialog"), h.Aria("modal", "true"), h.Aria("labelledby", title),
			h.Data("place", "view"), h.Data("view", m.ID), h.Data("rev", m.Hash),
			h.Header(
				h.Class("sl-modal-head"), g.If(m.Depth > 0, iconButton("sl-back", "top", "Back", "‹")),
				h.H2(h.ID(title), h.TabIndex("-1"), drawn(blockkit.Plain(m.Title))), iconButton("sl-x", "all", "Close", "×"),
			),
			g.If(m.Trouble != "", h.P(h.Class("sl-bar"), h.Role("alert"), h.Span(unheard(), g.Text("⚠️")), g.Text(" "+m.Trouble))),
			h.Div(h.Class("sl-modal-body"), h.TabIndex("0"), h.Role("group"), h.Aria("labelledby", title), drawn(m.Body)),
			m.foot(),
		),
	}
}

// iconButton closes the view in front, or all of them.
func iconButton(id, closes, words, sign string) g.Node {
	return h.Button(
		h.Type("button"), h.Class("sl-icon"), h.ID(id), h.Data("close", closes), h.Title(words), h.Span(unheard(), g.Text(sign)), unseen(words),
	)
}

// foot are the buttons that leave the view and submit it.
func (m modal) foot() g.Node {
	leave := blockkit.Plain(m.Close)
	switch {
	case m.Close == "" && m.Submit != "":
		leave = "Cancel"
	case m.Close == "":
		leave = "Close"
	}
	submit := h.Button(
		h.Type("button"), h.Class("sl-button sl-primary"), h.ID("sl-submit"), h.Data("submit", m.ID), drawn(blockkit.Plain(m.Submit)),
	)
	return h.Footer(
		h.Class("sl-modal-foot"), h.Button(h.Type("button"), h.Class("sl-button"), h.ID("sl-cancel"), h.Data("close", "top"), drawn(leave)),
		g.If(m.Submit != "", submit),
	)
}
