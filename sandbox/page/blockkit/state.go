package blockkit

import "encoding/json"

// entered is what an element holds: from the view's state, or the initial value as long as nobody touched it.
type entered struct {
	Value    string      `json:"value"`
	Option   *option     `json:"selected_option"`
	Options  []option    `json:"selected_options"`
	User     string      `json:"selected_user"`
	Users    []string    `json:"selected_users"`
	Date     string      `json:"selected_date"`
	Time     string      `json:"selected_time"`
	DateTime json.Number `json:"selected_date_time"`
}

// initial is the initial value under the names that the elements have for it.
type initial struct {
	Value    string      `json:"initial_value"`
	Option   *option     `json:"initial_option"`
	Options  []option    `json:"initial_options"`
	User     string      `json:"initial_user"`
	Users    []string    `json:"initial_users"`
	Date     string      `json:"initial_date"`
	Time     string      `json:"initial_time"`
	DateTime json.Number `json:"initial_date_time"`
}

// entered is what an element holds now. A state that cannot be read counts as untouched.
func (p *page) entered(block, action string, untouched initial) entered {
	if raw, ok := p.state[block][action]; ok {
		var v entered
		if json.Unmarshal(raw, &v) == nil {
			return v
		}
	}
	return entered(untouched)
}

// chosen are the values of the options that are chosen.
func (v entered) chosen() map[string]bool {
	out := map[string]bool{}
	for _, o := range v.Options {
		out[o.Value] = true
	}
	if v.Option != nil {
		out[v.Option.Value] = true
	}
	for _, id := range v.Users {
		out[id] = true
	}
	if v.User != "" {
		out[v.User] = true
	}
	return out
}
