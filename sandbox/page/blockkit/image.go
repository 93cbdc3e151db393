package blockkit

import (
	"encoding/json"
	"net/url"
)

// image is an image block or element. Nothing is ever loaded from elsewhere: a frame stands in for the picture.
type image struct {
	Alt   string          `json:"alt_text"`
	Title *text           `json:"title"`
	URL   string          `json:"image_url"`
	File  json.RawMessage `json:"slack_file"`
}

// from is whose picture it would be.
func (i image) from() string {
	if u, err := url.Parse(i.URL); err == nil && u.Host != "" {
		return u.Host
	}
	if len(i.File) > 0 {
		return "a file in Slack"
	}
	return "nowhere"
}

// image draws the frame of an image block, with all that a reader would learn from the picture's words.
func (p *page) image(i image) string {
	title := ""
	if i.Title != nil {
		title = p.words("bk-image-title", i.Title)
	}
	frame := el("span", "bk-image-alt", escape(i.Alt)) + el("span", "bk-image-from", escape("Picture from "+i.from()))
	return title + start("div", attr("class", "bk-frame"), attr("dir", "auto")) + frame + "</div>"
}

// thumbnail draws the small frame of an image element.
func (p *page) thumbnail(i image) string {
	name := i.Alt
	if name == "" {
		name = "Picture"
	}
	return start("span", attr("class", "bk-thumbnail"), attr("role", "img"), attr("aria-label", name),
		attr("title", name+" (picture from "+i.from()+")")) + "</span>"
}
