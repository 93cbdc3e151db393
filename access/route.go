package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"usher/catalog"
	"usher/idp"
)

// ownStep is why the requester does not count among the approvers.
const ownStep = "the requester is one of those who decide about it, and nobody decides for themselves"

// approvers resolves the people of one step as of now: the manager from the directory, owners and named people by their
// e-mail addresses. Requester and subject never count. Missing says in words who could not be reached.
func (s *Service) approvers(ctx context.Context, r Request, step catalog.Step) (people []Person, missing []string, err error) {
	add := func(u idp.User) error {
		p, err := s.contact(ctx, u)
		if CodeOf(err) == UnknownPerson {
			missing = append(missing, err.Error())
			return nil
		}
		if err != nil {
			return err
		}
		if p.Is(r.Requester) || p.Is(r.Subject) {
			missing = append(missing, ownStep)
			return nil
		}
		if !slices.ContainsFunc(people, p.Is) {
			people = append(people, p)
		}
		return nil
	}
	for _, a := range step.Approvers {
		users, why, err := s.candidates(ctx, r, a)
		if err != nil {
			return nil, nil, err
		}
		missing = append(missing, why...)
		for _, u := range users {
			if err := add(u); err != nil {
				return nil, nil, err
			}
		}
	}
	return people, missing, nil
}

// candidates are the directory users whom one line of a step names.
func (s *Service) candidates(ctx context.Context, r Request, a catalog.Approver) (users []idp.User, missing []string, err error) {
	if a.Kind == catalog.ApproverManager {
		u, err := s.manager(ctx, r.Subject.User)
		if idp.KindOf(err) == idp.UserNotFound {
			return nil, []string{r.Subject.String() + " has no manager in the directory"}, nil
		}
		if err != nil {
			return nil, nil, err
		}
		return []idp.User{u}, nil, nil
	}
	emails := a.Emails
	if a.Kind == catalog.ApproverOwner {
		// The request keeps that the owner decides; who that is may have changed since, as with a manager.
		app, ok := s.Catalog().App(r.Role.App)
		if !ok {
			return nil, []string{r.Role.AppName + " is not in the catalog any more, so nobody owns it"}, nil
		}
		emails = app.Owners
	}
	for _, email := range emails {
		u, err := s.byEmail(ctx, email)
		switch kind := idp.KindOf(err); {
		case kind == idp.UserNotFound || kind == idp.Ambiguous:
			missing = append(missing, email+" is not one active directory user")
		case err != nil:
			return nil, nil, err
		default:
			users = append(users, u)
		}
	}
	return users, missing, nil
}

// byEmail finds a directory user, by the remembered id where there is one.
func (s *Service) byEmail(ctx context.Context, email string) (idp.User, error) {
	var ids []string
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		ids, err = tx.IDs(People, "email/"+strings.ToLower(email), "", 1)
		return err
	})
	if err != nil {
		return idp.User{}, err
	}
	if len(ids) == 1 {
		return s.user(ctx, idp.UserID(strings.TrimPrefix(ids[0], "user/")))
	}
	u, err := s.directory.FindUser(ctx, email)
	if err == nil {
		now := s.Now()
		s.cacheMu.Lock()
		s.users[u.ID] = cached[idp.User]{value: u, at: now}
		s.cacheMu.Unlock()
	}
	return u, err
}

// routes resolves every step of a request and refuses it if any step could never be passed, saying who is missing.
// Steps need different people: nobody approves twice.
func (s *Service) routes(ctx context.Context, r Request) ([][]Person, error) {
	steps := make([][]Person, len(r.Policy.Steps))
	for i, step := range r.Policy.Steps {
		people, missing, err := s.approvers(ctx, r, step)
		if err != nil {
			if CodeOf(err) != "" {
				return nil, err
			}
			return nil, s.directoryRefusal(err, "the approvers")
		}
		steps[i] = people
		if len(people) < max(1, step.Quorum) {
			return nil, nobody(i, len(r.Policy.Steps), step.Quorum, missing)
		}
	}
	if !passable(steps, r.Policy.Steps) {
		return nil, &Refusal{Code: NobodyCanApprove, Field: FieldEntitlement, Text: "Nobody could approve this: its approval steps need different people, and too few of them are there. Please ask the owner of the app."}
	}
	return steps, nil
}

func nobody(i, n, quorum int, missing []string) error {
	where := ""
	if n > 1 {
		where = fmt.Sprintf(" in step %d", i+1)
	}
	why := "no approver is named"
	if len(missing) > 0 {
		slices.Sort(missing)
		why = strings.Join(slices.Compact(missing), "; ")
	}
	need := "an approver"
	if quorum > 1 {
		need = fmt.Sprintf("%d approvers", quorum)
	}
	ask := "the owner of the app"
	if slices.Contains(missing, ownStep) {
		ask = "an admin of Usher to name another"
	}
	return &Refusal{
		Code: NobodyCanApprove, Field: FieldEntitlement,
		Text: fmt.Sprintf("Nobody could approve this: it needs %s%s, but %s. Please ask %s.", need, where, why, ask),
	}
}

// passable reports whether every step can find its quorum among people who decide in no other step: a matching of
// seats to people, found by augmenting paths.
func passable(people [][]Person, steps []catalog.Step) bool {
	var seats []int // The step that each seat belongs to.
	for i, st := range steps {
		for range max(1, st.Quorum) {
			seats = append(seats, i)
		}
	}
	taken := map[idp.UserID]int{}
	var place func(k int, seen map[idp.UserID]bool) bool
	place = func(k int, seen map[idp.UserID]bool) bool {
		for _, p := range people[seats[k]] {
			if seen[p.User] {
				continue
			}
			seen[p.User] = true
			if other, ok := taken[p.User]; !ok || place(other, seen) {
				taken[p.User] = k
				return true
			}
		}
		return false
	}
	for k := range seats {
		if !place(k, map[idp.UserID]bool{}) {
			return false
		}
	}
	return true
}

// allowed resolves who may decide the present step right now, for a decision that is being made.
func (s *Service) allowed(ctx context.Context, r Request) ([]Person, error) {
	if r.State != RequestPending || r.Step >= len(r.Policy.Steps) {
		return nil, nil
	}
	people, _, err := s.approvers(ctx, r, r.Policy.Steps[r.Step])
	if err != nil {
		var refusal *Refusal
		if errors.As(err, &refusal) {
			return nil, err
		}
		return nil, s.directoryRefusal(err, "the approvers")
	}
	return people, nil
}
