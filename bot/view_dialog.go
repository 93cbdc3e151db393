package bot

import (
	"fmt"

	"github.com/slack-go/slack"

	"usher/access"
)

// denyView asks an approver why. r is nil when there was no time to look it up.
func denyView(m meta, r *access.Request) slack.ModalViewRequest {
	v := modal(callbackDeny, "Deny this request", "Go back")
	v.Submit, v.PrivateMetadata = plain("Deny", 24), m.encode()
	about := "You are about to deny this request."
	if r != nil {
		about = fmt.Sprintf("You are about to deny *%s* to *%s*.", roleText(r.Role), lit(r.Requester.String(), 120))
	}
	v.Blocks.BlockSet = []slack.Block{section(about), why("Why not?", "The requester reads this, and it stays on the record.")}
	return v
}

// revokeView asks an admin or owner why somebody's access is taken away.
func revokeView(m meta, r *access.Request, g *access.Grant) slack.ModalViewRequest {
	v := modal(callbackRevoke, "Take access away", "Go back")
	v.Submit, v.PrivateMetadata = plain("Revoke now", 24), m.encode()
	about := "You are about to end somebody's access."
	if r != nil && g != nil {
		about = fmt.Sprintf("You are about to end *%s* of *%s*.", roleText(g.Role), lit(g.Subject.String(), 120))
	}
	v.Blocks.BlockSet = []slack.Block{section(about), why("Why?", "The holder reads this, and it stays on the record.")}
	return v
}

func why(label, hint string) slack.Block {
	return slack.NewInputBlock(blockReason, plain(label, 2000), plain(hint, 2000), &slack.PlainTextInputBlockElement{
		Type: slack.METPlainTextInput, ActionID: actionReason, Multiline: true, MaxLength: access.JustificationSize,
	})
}

// workingView stands in while a dialog's command takes longer than an acknowledgement may.
func workingView(title string) slack.ModalViewRequest {
	return modal(callbackDone, title, "Close", section("Working on it…"))
}

// stateView shows the present state of a request and its grant to an admin.
func stateView(r access.Request, g *access.Grant) slack.ModalViewRequest {
	s := statusOf(r, g)
	blocks := []slack.Block{
		section("*" + lit(s.title, 300) + "*"),
		fields([2]string{"Who", lit(r.Subject.String(), 120)}, [2]string{"Asked", when(r.CreatedAt)}, [2]string{"Record", issueLink(r.Issue)}),
	}
	if t := troubleOf(r, g); t != "" {
		blocks = append(blocks, alert(slack.AlertLevelWarning, t)...)
	}
	blocks = append(blocks, quote("Reason given by "+r.Requester.String(), r.Justification))
	return modal(callbackDone, "Details", "Close", blocks...)
}
