package access

import (
	"cmp"
	"context"
	"slices"
	"time"

	"usher/catalog"
)

// overdueAfter is how long past its due time a grant counts as overdue for the admins.
const overdueAfter = time.Minute

// Home gathers what the person's Home tab shows, from the store alone: no vendor is asked.
func (s *Service) Home(ctx context.Context, by Person) (Home, error) {
	var h Home
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		h = Home{Person: by, Admin: s.admin(by), Now: s.Now(), CanRevoke: s.mayRevoke(by)}
		if err := s.homeOwn(tx, &h); err != nil {
			return err
		}
		if err := homeDecisions(tx, &h); err != nil {
			return err
		}
		if !h.Admin {
			return nil
		}
		return s.homeAdmin(tx, &h)
	})
	return h, err
}

func (s *Service) homeOwn(tx Tx, h *Home) error {
	gs, err := grants(tx, indexSubject(h.Person))
	if err != nil {
		return err
	}
	for _, g := range gs {
		hg := HomeGrant{Grant: g}
		var r Request
		if err := tx.Get(Requests, string(g.Request), &r); err != nil {
			return err
		}
		hg.Issue = r.Issue
		hg.Extension = s.offerFor(g)
		h.Grants = append(h.Grants, hg)
	}
	slices.SortStableFunc(h.Grants, func(a, b HomeGrant) int { return cmp.Compare(endKey(a.Grant), endKey(b.Grant)) })
	if h.Pending, err = requests(tx, indexUndone(h.Person)); err != nil {
		return err
	}
	h.Pending = slices.DeleteFunc(h.Pending, func(r Request) bool { return r.State != RequestPending })
	return homeRecent(tx, h)
}

// homeRecent walks the person's requests from the newest until five finished ones are found.
func homeRecent(tx Tx, h *Home) error {
	ids, err := tx.IDs(Requests, indexRequester(h.Person), "", 0)
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(ids) {
		if len(h.Recent) == 5 {
			break
		}
		rec := HomeRecent{}
		if err := tx.Get(Requests, id, &rec.Request); err != nil {
			return err
		}
		if rec.Request.State == RequestPending {
			continue
		}
		if rec.Request.Grant != "" {
			rec.Grant = &Grant{}
			if err := tx.Get(Grants, string(rec.Request.Grant), rec.Grant); err != nil {
				return err
			}
			if rec.Request.Kind == KindAccess && !rec.Grant.State.Final() {
				continue
			}
		}
		h.Recent = append(h.Recent, rec)
	}
	return nil
}

// endKey sorts grants by their end, those without one last.
func endKey(g Grant) int64 {
	if g.DueAt.IsZero() {
		return 1<<63 - 1
	}
	return g.DueAt.UnixNano()
}

// offerFor is the extension offer of a grant by the catalog in force.
func (s *Service) offerFor(g Grant) ExtensionOffer {
	e, ok := s.Catalog().Entitlement(g.Role.Entitlement)
	if !ok {
		return ExtensionOffer{Why: "It is not in the catalog any more."}
	}
	return s.offer(g, e)
}

func homeDecisions(tx Tx, h *Home) error {
	rs, err := requests(tx, "approver/"+string(h.Person.User))
	if err != nil {
		return err
	}
	for _, r := range rs {
		if r.WaitsFor(h.Person) {
			h.Decisions = append(h.Decisions, r)
		}
	}
	slices.SortStableFunc(h.Decisions, func(a, b Request) int { return a.Deadline.Compare(b.Deadline) })
	return nil
}

// WaitsFor reports whether the person was asked in the present step and has not decided yet.
func (r Request) WaitsFor(p Person) bool {
	if r.State != RequestPending || r.Issue.Key == "" {
		return false
	}
	for _, d := range r.Decisions {
		if d.By.Is(p) {
			return false
		}
	}
	return slices.ContainsFunc(r.Asks, func(a Ask) bool { return a.Step == r.Step && a.Approver.Is(p) })
}

func (s *Service) homeAdmin(tx Tx, h *Home) error {
	if err := homeOverdue(tx, h); err != nil {
		return err
	}
	ids, err := tx.IDs(Requests, indexOpen, "", 0)
	if err != nil {
		return err
	}
	h.OpenRequests = len(ids)
	h.Lateness = s.runner.Stats().Lateness
	for _, app := range s.Catalog().Apps() {
		if app.Status == catalog.StatusUnassigned {
			h.Unassigned = append(h.Unassigned, app.Name)
		}
	}
	if h.Groups, err = s.changedGroups(tx, h.Now); err != nil {
		return err
	}
	if h.Discovery, err = s.discovered(tx); err != nil {
		return err
	}
	h.Looking = s.seekers.waiting()
	effects, err := tx.Effects()
	if err != nil {
		return err
	}
	begun := map[GrantID]bool{}
	for _, e := range effects {
		if e.Kind == EffectInspect || e.Kind == EffectAdd {
			begun[e.Grant] = true
		}
		if e.LastError == "" {
			continue
		}
		f := Failure{Effect: e}
		var r Request
		if err := tx.Get(Requests, string(e.Request), &r); err != nil {
			return err
		}
		f.Role, f.Person, f.Issue = r.Role, r.Subject, r.Issue
		h.Failures = append(h.Failures, f)
	}
	h.ActiveGrants -= len(begun) // Those being given are not active yet.
	return nil
}

// homeOverdue finds what should have ended: grants whose removal takes long, and those whose timer has not fired. It
// reads no grant that is in order, however many there are.
func homeOverdue(tx Tx, h *Home) error {
	ids, err := tx.IDs(Grants, indexOpen, "", 0)
	if err != nil {
		return err
	}
	ending, err := grants(tx, indexRevoking)
	if err != nil {
		return err
	}
	h.ActiveGrants = len(ids) - len(ending)
	latest := h.Now.Add(-overdueAfter)
	late, err := tx.Due(latest, 0)
	if err != nil {
		return err
	}
	for _, t := range late {
		if t.Kind != TimerDue {
			continue
		}
		var g Grant
		if err := tx.Get(Grants, string(t.Grant), &g); err != nil {
			return err
		}
		ending = append(ending, g)
	}
	for _, g := range ending {
		if !g.DueAt.IsZero() && g.DueAt.Before(latest) {
			h.Overdue = append(h.Overdue, g)
		}
	}
	slices.SortStableFunc(h.Overdue, func(a, b Grant) int { return a.DueAt.Compare(b.DueAt) })
	return nil
}

// issueStatus is what the issue's workflow status should express.
func issueStatus(r Request, g *Grant) IssueStatus {
	switch r.State {
	case RequestPending:
		return IssueWaiting
	case RequestDenied:
		return IssueDenied
	case RequestCanceled:
		return IssueCanceled
	case RequestExpired:
		return IssueExpired
	case RequestApproved:
	}
	if r.Kind == KindExtension {
		switch {
		case r.Extended:
			return IssueEnded
		case r.Failure != "":
			return IssueFailed
		}
		return IssueApproved
	}
	if g == nil {
		return IssueApproved
	}
	switch g.State {
	case GrantProvisioning:
		return IssueApproved
	case GrantActive, GrantRevoking:
		return IssueActive
	case GrantEnded:
		return IssueEnded
	case GrantFailed:
		return IssueFailed
	}
	return IssueApproved
}
