package jirasim

import "sync"

// Changed returns a channel that is closed at the next change of an issue, of who may see or do what, of the workflow or the
// fields, of the list of calls (one that arrives and one that ends) or of the faults. Take the channel first, then look at the
// site, then wait: so no change is missed. After Close it may never be closed.
func (s *Server) Changed() <-chan struct{} { return s.news.next() }

// news wakes those who wait for a change. It makes a channel only for somebody who asks. The lock is taken last of all, so
// that it can be told under any other.
type news struct {
	mu sync.Mutex
	ch chan struct{} // nil while nobody listens
}

func (n *news) next() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch == nil {
		n.ch = make(chan struct{})
	}
	return n.ch
}

func (n *news) tell() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ch != nil {
		close(n.ch)
		n.ch = nil
	}
}
