package jirasim

import (
	"slices"
	"strconv"
)

// open lists the transitions that the caller may do now.
func (c *call) open(is *issue) []*Transition {
	var out []*Transition
	if !c.has(permTransition) {
		return nil
	}
	list := is.project.Workflow.Transitions
	for i := range list {
		if list[i].From == nil || slices.Contains(list[i].From, is.status()) {
			out = append(out, &list[i])
		}
	}
	return out
}

func (c *call) available(is *issue, id string) *Transition {
	for _, tr := range c.open(is) {
		if tr.ID == id {
			return tr
		}
	}
	return nil
}

func (c *call) transitionObject(is *issue, tr *Transition, fields bool) object {
	out := object{
		"id": tr.ID, "name": tr.Name, "to": c.statusObject(c.s.statusByID(tr.To)), "hasScreen": tr.Screen != nil,
		"isGlobal": tr.From == nil, "isInitial": false, "isAvailable": true, "isConditional": false, "looped": tr.To == is.status(),
	}
	if !fields {
		return out
	}
	meta := object{}
	if tr.Screen != nil {
		for _, id := range tr.Screen.Fields {
			if f := c.s.field(id); f != nil {
				m := c.meta(f, slices.Contains(tr.Screen.Required, id))
				meta[id] = m
			}
		}
	}
	out["fields"] = meta
	return out
}

func (c *call) listTransitions() (reply, error) {
	is, err := c.issueFor(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	fields := slices.Contains(splitList(c.query["expand"]), "transitions.fields")
	only := c.query.Get("transitionId")
	out := []object{}
	open := c.open(is)
	for i := range is.project.Workflow.Transitions {
		tr := &is.project.Workflow.Transitions[i]
		can := slices.Contains(open, tr)
		if only != "" && tr.ID != only || !can && c.query.Get("includeUnavailableTransitions") != "true" {
			continue
		}
		o := c.transitionObject(is, tr, fields)
		o["isAvailable"] = can
		out = append(out, o)
	}
	return ok(object{"expand": "transitions", "transitions": out}), nil
}

func (c *call) doTransition() (reply, error) {
	is, err := c.writableIssue(c.vars[0])
	if err != nil {
		return reply{}, err
	}
	body, err := c.json()
	if err != nil {
		return reply{}, err
	}
	want, isObject := body["transition"].(object)
	if !isObject {
		return reply{}, refuse(400, "Missing 'transition' identifier")
	}
	id := text1(want["id"])
	if _, err := strconv.Atoi(id); err != nil {
		return reply{}, refuse(400, "'transition' identifier must be an integer")
	}
	tr := c.available(is, id)
	if tr == nil {
		return reply{}, refuse(400, "Transition id '"+id+"' is not valid for this issue.")
	}
	rules := screenRules{}
	if tr.Screen != nil {
		rules = screenRules{fields: tr.Screen.Fields, comment: !tr.Screen.NoComment}
	}
	e, err := c.readEdit(body, rules, is)
	if err != nil {
		return reply{}, err
	}
	if tr.Screen != nil {
		wrong := problems{}
		for _, id := range tr.Screen.Required {
			v, given := e.values[id]
			if f := c.s.field(id); f != nil && (given && v == nil || !given && is.values[id] == nil) {
				wrong.add(id, f.Name+" is required.")
			}
		}
		if err := wrong.err(); err != nil {
			return reply{}, err
		}
	}
	if len(e.comments) > 0 {
		if err := c.mayComment(is, len(e.comments)); err != nil {
			return reply{}, err
		}
	}
	c.move(is, tr, e)
	return nothing(), nil
}

// move does a transition: the fields of its screen, the new status and the resolution that the workflow sets, in one changelog entry.
func (c *call) move(is *issue, tr *Transition, e *edit) {
	if e.values == nil {
		e.values = map[string]any{}
	}
	from, to := c.s.statusByID(is.status()), c.s.statusByID(tr.To)
	if _, chosen := e.values["resolution"]; !chosen {
		if id := resolutionID(tr.Resolution); id != "" {
			e.values["resolution"] = refID(id)
		} else if to.Category != "done" && is.values["resolution"] != nil {
			e.values["resolution"] = nil
		}
	}
	item, _ := c.s.diff(c.s.field("status"), is.values["status"], refID(tr.To))
	is.values["status"] = refID(tr.To)
	if from.Category != to.Category {
		is.statusSet = c.at
	}
	c.apply(is, e, item)
}
