package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/store"
)

// groupMemory knows what groups were called when they were looked at before. The running program's remembers what it is told;
// the doctor's changes nothing.
type groupMemory interface {
	GroupSeen(ctx context.Context, g catalog.Group, name string) (access.KnownGroup, error)
	GroupMissed(ctx context.Context, g catalog.Group) (access.KnownGroup, error)
}

const fixRenamed = "see whether it still stands for what the role promises; Usher goes by the id, so nothing else has to change"

// called is what to say of a group that the directory knows by this name.
func (p *parts) called(ctx context.Context, g catalog.Group, name string) (mark, string, string) {
	if p.memory == nil {
		return well, name, ""
	}
	k, err := p.memory.GroupSeen(ctx, g, name)
	if err != nil {
		p.log.Error("remember what a group is called", "group", g, "err", err)
		return well, name, ""
	}
	if !k.RenamedLately(time.Now()) {
		return well, name, ""
	}
	return notable, fmt.Sprintf("was called %q and is called %q now, as was seen on %s", k.Was, name, k.Renamed.UTC().Format(time.DateOnly)), fixRenamed
}

// missed is what to say of a group that the directory does not know.
func (p *parts) missed(ctx context.Context, g catalog.Group) string {
	if p.memory == nil {
		return "not found"
	}
	k, err := p.memory.GroupMissed(ctx, g)
	if err != nil {
		p.log.Error("remember that a group is gone", "group", g, "err", err)
	}
	if k.Name == "" {
		return "not found"
	}
	return fmt.Sprintf("not found; it was called %q when it was seen last", k.Name)
}

// recollection is what a database remembers of groups.
type recollection map[catalog.Group]access.KnownGroup

// GroupSeen compares.
func (r recollection) GroupSeen(_ context.Context, g catalog.Group, name string) (access.KnownGroup, error) {
	return r[g].Seen(name, time.Now()), nil
}

// GroupMissed tells the last name.
func (r recollection) GroupMissed(_ context.Context, g catalog.Group) (access.KnownGroup, error) {
	return r[g], nil
}

// recall asks the running Usher, or else the database, what it remembers of the groups in the catalog. Where neither tells,
// nothing is remembered: what is wrong with the database is said elsewhere.
func recall(ctx context.Context, database string, live *inForce) recollection {
	if live == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	known := recollection{}
	var list []access.KnownGroup
	err := askRunning(ctx, socketOf(database), "/groups", func(r *http.Response) error { return json.NewDecoder(r.Body).Decode(&list) })
	for _, k := range list {
		known[k.Group] = k
	}
	if err == nil {
		return known
	}
	_ = store.Peek(ctx, database, func(tx access.Tx) error {
		found, err := access.Remembered(tx, slices.Collect(maps.Keys(live.Current().Groups())))
		known = found
		return err
	})
	return known
}

// tellGroups answers a doctor.
func (p *parts) tellGroups(w http.ResponseWriter, r *http.Request) {
	list := []access.KnownGroup{}
	err := p.store.View(r.Context(), func(tx access.Tx) error {
		known, err := access.Remembered(tx, slices.Collect(maps.Keys(p.live.Current().Groups())))
		for _, k := range known {
			list = append(list, k)
		}
		return err
	})
	if err != nil {
		http.Error(w, "the database cannot be read", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(list) // Who does not listen any more needs no answer.
}
