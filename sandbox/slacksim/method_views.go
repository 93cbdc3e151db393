package slacksim

// viewMax is the size of a view's JSON from which Slack refuses it.
const viewMax = 250000

// viewMethods are those about modals and the Home tab.
func viewMethods() map[string]*method {
	return map[string]*method{
		"views.open": {
			tier: tier4, required: []string{"view"}, optional: []string{"interactivity_pointer", "trigger_id"}, run: (*Server).openModal,
		},
		"views.push": {
			tier: tier4, required: []string{"view"}, optional: []string{"interactivity_pointer", "trigger_id"}, run: (*Server).pushModal,
		},
		"views.update": {
			tier: tier4, required: []string{"view"}, optional: []string{"external_id", "hash", "view_id"}, run: (*Server).updateView,
		},
		"views.publish": {
			tier: tier4, required: []string{"user_id", "view"}, optional: []string{"hash", "interactivity_pointer"},
			run: (*Server).publishHome,
		},
	}
}

// readView checks the view argument: shape, size, kind.
func (s *Server) readView(r *request, kind string) (map[string]any, error) {
	v, err := r.structure("view")
	if err != nil {
		return nil, badArgs("must be valid JSON: view")
	}
	return s.checkView(v, kind)
}

func (s *Server) checkView(v any, kind string) (map[string]any, error) {
	source, ok := v.(map[string]any)
	if !ok {
		return nil, badArgs("must provide an object [json-pointer:/view]")
	}
	if len(encode(source)) > viewMax {
		return nil, fail("view_too_large")
	}
	if faults := s.kit.view(source, kind); len(faults) > 0 {
		return nil, badArgs(faults.strings()...)
	}
	return source, nil
}

// unique checks that no other view of the team has the external id.
func (s *Server) unique(source map[string]any, except *view) error {
	id, _ := source["external_id"].(string)
	if id == "" {
		return nil
	}
	for _, v := range s.views {
		if v != except && !v.closed && v.text("external_id") == id {
			return fail("duplicate_external_id")
		}
	}
	return nil
}

func (s *Server) openModal(r *request) (map[string]any, error) {
	source, err := s.readView(r, "modal")
	if err != nil {
		return nil, err
	}
	t, err := s.exchange(r)
	if err != nil {
		return nil, err
	}
	if err := s.unique(source, nil); err != nil {
		return nil, err
	}
	t.used = true
	v := s.newView(t.user, source)
	s.openStack(v)
	r.changed = true
	return map[string]any{"view": s.viewObject(v)}, nil
}

func (s *Server) pushModal(r *request) (map[string]any, error) {
	source, err := s.readView(r, "modal")
	if err != nil {
		return nil, err
	}
	t, err := s.exchange(r)
	if err != nil {
		return nil, err
	}
	origin := s.openView(t.view)
	if origin == nil || origin.kind() != "modal" {
		return nil, fail("not_found")
	}
	if len(s.stacks[t.user]) >= pushDepth {
		return nil, fail("push_limit_reached")
	}
	if err := s.unique(source, nil); err != nil {
		return nil, err
	}
	t.used = true
	v := s.newView(t.user, source)
	s.push(v)
	r.changed = true
	return map[string]any{"view": s.viewObject(v)}, nil
}

func (s *Server) updateView(r *request) (map[string]any, error) {
	id, external := r.text("view_id"), r.text("external_id")
	if (id == "") == (external == "") {
		return nil, badArgs("must provide exactly one of: view_id, external_id")
	}
	v := s.openView(id)
	if external != "" {
		v = s.byExternalID(external)
	}
	if v == nil {
		return nil, fail("not_found")
	}
	source, err := s.readView(r, v.kind())
	if err != nil {
		return nil, err
	}
	if h := r.text("hash"); h != "" && h != v.hash {
		return nil, fail("hash_conflict")
	}
	if err := s.unique(source, v); err != nil {
		return nil, err
	}
	s.fill(v, source)
	r.changed = true
	return map[string]any{"view": s.viewObject(v)}, nil
}

func (s *Server) byExternalID(id string) *view {
	for _, v := range s.views {
		if v.text("external_id") == id && s.openView(v.id) != nil {
			return v
		}
	}
	return nil
}

func (s *Server) publishHome(r *request) (map[string]any, error) {
	source, err := s.readView(r, "home")
	if err != nil {
		return nil, err
	}
	if !s.app.homeTab {
		return nil, fail("not_enabled")
	}
	user := s.users[r.text("user_id")]
	if user == nil || user.IsBot {
		return nil, badArgs("invalid user: user_id")
	}
	old := s.homes[user.ID]
	if h := r.text("hash"); h != "" && (old == nil || h != old.hash) {
		return nil, fail("hash_conflict")
	}
	if err := s.unique(source, old); err != nil {
		return nil, err
	}
	if old != nil {
		s.fill(old, source)
	} else {
		old = s.newView(user.ID, source)
		s.homes[user.ID] = old
	}
	r.changed = true
	return map[string]any{"view": s.viewObject(old)}, nil
}
