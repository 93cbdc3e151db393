package idp

import "context"

// Priority tells a provider which part of its rate budget a call may use. Removals come first: a share of every budget
// is kept for them alone.
type Priority int

const (
	// Normal calls may use the budget up to the reserve that is kept for removals.
	Normal Priority = iota
	// Removal calls, and the reads that prove them, may use the whole budget.
	Removal
)

type priorityKey struct{}

// WithPriority returns a context whose provider calls use the given priority.
func WithPriority(ctx context.Context, p Priority) context.Context {
	return context.WithValue(ctx, priorityKey{}, p)
}

// PriorityOf returns the priority that WithPriority put into ctx, or Normal.
func PriorityOf(ctx context.Context) Priority {
	p, _ := ctx.Value(priorityKey{}).(Priority)
	return p
}
