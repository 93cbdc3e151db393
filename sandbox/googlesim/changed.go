package googlesim

// Changed returns a channel that is closed at the next change of a user, a group or its members, of the list of calls (one
// that arrives and one that ends) or of the faults. Take the channel first, then look at the company, then wait: so no
// change is missed. After Close it may never be closed.
func (s *Server) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changed == nil {
		s.changed = make(chan struct{})
	}
	return s.changed
}

// bump wakes everybody who waits for a change. The caller holds the lock.
func (s *Server) bump() {
	if s.changed != nil {
		close(s.changed)
		s.changed = nil
	}
}
