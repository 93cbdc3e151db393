package slacksim

import (
	"maps"
	"slices"
)

// kit knows the rules of Block Kit. It is made once and never changes.
type kit struct {
	blocks check // of a message
	modal  check
	home   check
}

func newKit() *kit {
	all := blockChecks()
	without := func(kinds ...string) check {
		left := maps.Clone(all)
		for _, k := range kinds {
			delete(left, k)
		}
		return oneOf(left)
	}
	common := func(most int, block check) []field {
		return []field{
			must("blocks", list(0, most, block)), may("callback_id", text(0, 255)),
			may("external_id", text(0, 255)), may("private_metadata", text(0, 3000)),
		}
	}
	modal := common(100, without("carousel", "container", "context_actions", "data_table", "file", "markdown", "plan", "table", "task_card"))
	home := common(100, without("alert", "container", "context_actions", "file", "markdown", "plan", "task_card"))
	return &kit{
		blocks: list(0, 50, without("alert", "file")),
		modal: both(tagged("modal", append(modal, must("title", plain(24)), may("submit", plain(24)), may("close", plain(24)),
			may("clear_on_close", truth), may("notify_on_close", truth))...), needsSubmit),
		home: tagged("home", home...),
	}
}

func needsSubmit(f *faults, v any, at string) {
	o, _ := v.(map[string]any)
	blocks, _ := o["blocks"].([]any)
	_, has := o["submit"]
	asks := slices.ContainsFunc(blocks, func(b any) bool {
		block, _ := b.(map[string]any)
		return block["type"] == "input"
	})
	if asks && !has {
		f.add(at, "missing required field: submit")
	}
}

// message checks the blocks of a message; pointers begin at /blocks.
func (k *kit) message(blocks []any) faults {
	var f faults
	k.blocks(&f, blocks, "/blocks")
	if len(f) == 0 {
		k.relations(&f, blocks, "/blocks", "message")
	}
	return f
}

// view checks a modal or Home view; pointers begin at /view.
func (k *kit) view(v any, kind string) faults {
	var f faults
	if kind == "home" {
		k.home(&f, v, "/view")
	} else {
		k.modal(&f, v, "/view")
	}
	if len(f) == 0 {
		blocks, _ := v.(map[string]any)["blocks"].([]any)
		k.relations(&f, blocks, "/view/blocks", kind)
	}
	return f
}
