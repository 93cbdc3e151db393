package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"usher/catalog"
)

// NotChosen is the duration of a draft whose length was not chosen yet; the default is taken.
const NotChosen catalog.Duration = -1

// Choices lists what the person may ask for and what fits the words, best first, at most limit.
func (s *Service) Choices(ctx context.Context, by Person, query string, limit int) ([]Choice, error) {
	who, _, err := s.facts(ctx, by)
	if err != nil {
		return nil, err
	}
	found := s.Catalog().Search(query, limit, func(e *catalog.Entitlement) bool {
		ok, _ := e.Eligible(who)
		return ok
	})
	list := make([]Choice, len(found))
	err = s.cfg.Store.View(ctx, func(tx Tx) error {
		held, pending, err := present(tx, by)
		if err != nil {
			return err
		}
		for i, e := range found {
			list[i] = Choice{Entitlement: e.ID, Role: roleOf(e, e.Default), Held: held[e.ID], Pending: pending[e.ID]}
		}
		return nil
	})
	return list, err
}

// present returns the person's live grants and pending requests by entitlement.
func present(tx Tx, by Person) (map[catalog.EntitlementID]*Grant, map[catalog.EntitlementID]*Request, error) {
	held, pending := map[catalog.EntitlementID]*Grant{}, map[catalog.EntitlementID]*Request{}
	gs, err := grants(tx, indexSubject(by))
	if err != nil {
		return nil, nil, err
	}
	for i, g := range gs {
		if g.Live() && g.Failure == "" {
			held[g.Role.Entitlement] = &gs[i]
		}
	}
	rs, err := requests(tx, indexUndone(by))
	if err != nil {
		return nil, nil, err
	}
	for i, r := range rs {
		if r.State == RequestPending {
			pending[r.Role.Entitlement] = &rs[i]
		}
	}
	return held, pending, nil
}

func roleOf(e *catalog.Entitlement, d catalog.Duration) Role {
	return Role{
		App: e.App.ID, AppName: e.App.Name, Entitlement: e.ID, EntitlementName: e.Name, Description: e.Description,
		Groups: slices.Clone(e.Groups), Risk: e.Risk, Elevated: e.Elevated, Owners: slices.Clone(e.App.Owners),
		Notice: e.Notice(d), SecondLock: e.SecondLock,
	}
}

// plan is everything that is known about a draft before it is submitted.
type plan struct {
	request Request
	entry   *catalog.Entitlement
	steps   [][]Person
	held    *Grant
}

// Preview says what submitting the draft would do. A refusal names the field that is wrong; the justification is not
// looked at yet.
func (s *Service) Preview(ctx context.Context, d Draft) (Preview, error) {
	p, err := s.plan(ctx, d)
	if err != nil {
		return Preview{}, err
	}
	v := Preview{
		Role: p.request.Role, Durations: p.entry.Durations, Duration: p.request.Duration,
		Automatic: p.request.Automatic(), Because: p.request.Policy.Because,
	}
	for i, people := range p.steps {
		v.Steps = append(v.Steps, PreviewStep{People: people, Quorum: max(1, p.request.Policy.Steps[i].Quorum)})
	}
	if p.held != nil {
		v.Extends = p.held.DueAt
		v.Durations = []catalog.Duration{p.request.Duration}
	}
	return v, nil
}

// plan checks a draft against the catalog, the person, their present access and the reach of the approvers.
func (s *Service) plan(ctx context.Context, d Draft) (plan, error) {
	e, ok := s.Catalog().Entitlement(d.Entitlement)
	if !ok || e.App.Status != catalog.StatusApproved {
		return plan{}, &Refusal{Code: NotRequestable, Field: FieldEntitlement, Text: "This is not in the catalog any more. Please choose again."}
	}
	who, user, err := s.facts(ctx, d.By)
	if err != nil {
		return plan{}, err
	}
	if ok, why := e.Eligible(who); !ok {
		return plan{}, &Refusal{Code: NotEligible, Field: FieldEntitlement, Text: "You cannot ask for " + e.Title() + ": " + why}
	}
	p := plan{entry: e, request: Request{
		ID: newRequestID(s.Now()), Kind: KindAccess, Key: d.Key, Requester: d.By, Subject: d.By, Title: user.Title,
		Department: user.Department, Justification: spoken(d.Justification), Duration: d.Duration,
	}}
	if err := s.planPresent(ctx, &p); err != nil {
		return plan{}, err
	}
	if err := s.planRoute(&p, who); err != nil {
		return plan{}, err
	}
	p.request.Role = roleOf(e, p.request.Duration)
	p.request.Deadline = s.Now().Add(e.Deadline)
	p.steps, err = s.routes(ctx, p.request)
	return p, err
}

// planPresent refuses a second pending request and turns a request for what is held already into an extension.
func (s *Service) planPresent(ctx context.Context, p *plan) error {
	var held map[catalog.EntitlementID]*Grant
	var pending map[catalog.EntitlementID]*Request
	err := s.cfg.Store.View(ctx, func(tx Tx) (err error) {
		held, pending, err = present(tx, p.request.Subject)
		return err
	})
	if err != nil {
		return err
	}
	if r := pending[p.entry.ID]; r != nil {
		return alreadyPending(*r)
	}
	g := held[p.entry.ID]
	if g == nil {
		return s.planLength(p)
	}
	offer := s.offer(*g, p.entry)
	if offer.By == 0 {
		return &Refusal{Code: CannotExtend, Field: FieldEntitlement, Text: "You have " + p.entry.Title() + " already. " + offer.Why, Request: g.Request}
	}
	p.held, p.request.Kind, p.request.Grant, p.request.Duration = g, KindExtension, g.ID, offer.By
	return nil
}

func alreadyPending(r Request) error {
	return &Refusal{
		Code: AlreadyPending, Field: FieldEntitlement, Request: r.ID,
		Text: "You asked for " + r.Role.String() + " already; it waits for a decision until " + stamp(r.Deadline) + ".",
	}
}

func (s *Service) planLength(p *plan) error {
	if p.request.Duration == NotChosen {
		p.request.Duration = p.entry.Default
	}
	if !p.entry.Offers(p.request.Duration) {
		return &Refusal{Code: BadDuration, Field: FieldDuration, Text: "This length is not offered for " + p.entry.Title() + ". Please choose one of the list."}
	}
	return nil
}

func (s *Service) planRoute(p *plan, who catalog.Person) error {
	f := catalog.Facts{Requester: who, Subject: who, Duration: p.request.Duration}
	route, err := p.entry.Route(f)
	if p.request.Kind == KindExtension {
		f.Duration += p.held.Duration // By the whole length: many short steps are as long as a long one.
		route, err = p.entry.ExtensionRoute(f)
	}
	if err != nil {
		s.log.Error("route request", "entitlement", p.entry.ID, "err", err)
		return &Refusal{Code: NobodyCanApprove, Field: FieldEntitlement, Text: "The approval policy of " + p.entry.Title() + " cannot be worked out for you, so nobody could decide. Please tell an admin of Usher; the log says why."}
	}
	if !route.Automatic && len(route.Steps) == 0 {
		return &Refusal{Code: NobodyCanApprove, Field: FieldEntitlement, Text: "Nobody is named to approve this. Please ask the owner of the app."}
	}
	p.request.Policy = Policy{Version: s.Catalog().Version(), Rule: route.Rule, Because: route.Because, Steps: route.Steps}
	return nil
}

// offer says by how much a grant may be extended with one click: its own first length, within the catalog's caps.
func (s *Service) offer(g Grant, e *catalog.Entitlement) ExtensionOffer {
	now := s.Now()
	switch {
	case g.DueAt.IsZero():
		return ExtensionOffer{Why: "It has no end, so there is nothing to extend."}
	case !g.extendable(now):
		return ExtensionOffer{Why: "It is not active at the moment."}
	case g.Extending != "":
		return ExtensionOffer{Why: "An extension waits for a decision already."}
	case g.Extensions >= e.Extension.MaxCount:
		return ExtensionOffer{Why: fmt.Sprintf("It can be extended %s, and that has been used.", times(e.Extension.MaxCount))}
	}
	first := g.Duration / catalog.Duration(g.Extensions+1)
	room := catalog.Duration(e.Extension.MaxTotal) - g.Duration
	by := min(first, room)
	if by < catalog.Duration(time.Minute) {
		return ExtensionOffer{Why: "It has reached the longest total time that the catalog allows."}
	}
	return ExtensionOffer{By: by}
}

func times(n int) string {
	switch n {
	case 0:
		return "no times"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// errRepeated carries the request that an earlier submission with the same key made.
type errRepeated struct{ id RequestID }

func (errRepeated) Error() string { return "submitted before" }

// Submit makes the request, or an extension when the person holds the access already. Submitting the same key again
// returns the request that was made the first time.
func (s *Service) Submit(ctx context.Context, d Draft) (Request, error) {
	if r, err := s.byKey(ctx, d.Key); err == nil {
		return r, nil
	}
	words := spoken(d.Justification)
	if n := utf8.RuneCountInString(words); n == 0 || n > JustificationSize {
		return Request{}, &Refusal{
			Code: BadJustification, Field: FieldJustification,
			Text: fmt.Sprintf("Please give a reason of 1 to %d characters; the approver decides by it.", JustificationSize),
		}
	}
	p, err := s.plan(ctx, d)
	if CodeOf(err) == AlreadyPending {
		if r, err := s.byKey(ctx, d.Key); err == nil {
			return r, nil // The same form was filed meanwhile.
		}
	}
	if err != nil {
		return Request{}, err
	}
	c := submit{Request: p.request}
	if len(p.steps) > 0 {
		c.Asks = asksOf(0, p.steps[0])
	}
	st, err := s.apply(ctx, p.request.ID, c, func(tx Tx, st state) error { return guardSubmit(tx, st.Request) })
	var again errRepeated
	if errors.As(err, &again) {
		return s.byKey(ctx, d.Key)
	}
	return st.Request, err
}

func asksOf(step int, people []Person) []Ask {
	asks := make([]Ask, len(people))
	for i, p := range people {
		asks[i] = Ask{Step: step, Approver: p}
	}
	return asks
}

// guardSubmit repeats inside the transaction what the plan checked before it, so that two submissions at once make one
// request.
func guardSubmit(tx Tx, r Request) error {
	if r.Key != "" {
		var id RequestID
		err := tx.Get(Keys, r.Key, &id)
		if err == nil {
			return errRepeated{id}
		}
		if !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := tx.Put(Keys, r.Key, r.ID); err != nil {
			return err
		}
	}
	rs, err := requests(tx, indexUndone(r.Requester))
	if err != nil {
		return err
	}
	for _, o := range rs {
		if o.ID != r.ID && o.Role.Entitlement == r.Role.Entitlement {
			return alreadyPending(o)
		}
	}
	if r.Kind == KindExtension {
		return nil
	}
	gs, err := grants(tx, indexSubject(r.Subject))
	if err != nil {
		return err
	}
	for _, g := range gs {
		if g.Role.Entitlement == r.Role.Entitlement && g.Live() && g.Failure == "" && string(g.ID) != string(r.ID) {
			return &Refusal{Code: CannotExtend, Field: FieldEntitlement, Text: "You have " + r.Role.String() + " already.", Request: g.Request}
		}
	}
	return nil
}

func (s *Service) byKey(ctx context.Context, key string) (Request, error) {
	if key == "" {
		return Request{}, ErrNotFound
	}
	var r Request
	err := s.cfg.Store.View(ctx, func(tx Tx) error {
		var id RequestID
		if err := tx.Get(Keys, key, &id); err != nil {
			return err
		}
		r = Request{}
		return tx.Get(Requests, string(id), &r)
	})
	return r, err
}

// Extend asks for a later end of the person's own grant, by the length that its offer names.
func (s *Service) Extend(ctx context.Context, by Person, id GrantID, justification, key string) (Request, error) {
	_, g, err := s.find(ctx, RequestID(id))
	if err != nil {
		return Request{}, err
	}
	if g == nil || !by.Is(g.Subject) {
		return Request{}, &Refusal{Code: NotAllowed, Text: "Only the person who holds the access can extend it."}
	}
	if !g.Live() {
		return Request{}, &Refusal{Code: GrantOver, Text: "This access has ended or is ending, so it cannot be extended. You can ask for it again.", Request: g.Request}
	}
	if spoken(justification) == "" {
		justification = "Still needed."
	}
	return s.Submit(ctx, Draft{Key: key, By: by, Entitlement: g.Role.Entitlement, Duration: NotChosen, Justification: justification})
}
