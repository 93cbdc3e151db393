package catalog

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// How much a hit counts: the field it is in times the kind of hit, summed over the words; a hit on a whole name comes on top.
const (
	inApp, inRole, inTag, inCategory, inDescription = 10, 8, 6, 5, 3

	hitWord, hitPrefix, hitPart, hitNear = 100, 80, 50, 25

	bonusName, bonusNamePrefix = 10_000, 5_000
)

// searchIndex finds entitlements by word. It holds each distinct word once, so that a query compares with a vocabulary and not
// with every text.
type searchIndex struct {
	all   []*Entitlement // in the order of an empty query
	names [][]string     // by entitlement: folded app name, role name, and both
	words []indexWord
}

type indexWord struct {
	text    string
	runes   []rune
	letters uint64 // which letters occur, to skip words that cannot be near
	hits    []hit
}

// hit is the best field of one entitlement in which a word occurs.
type hit struct {
	entitlement int32
	field       int32
}

func newSearchIndex(entitlements []*Entitlement) *searchIndex {
	x := &searchIndex{all: entitlements, names: make([][]string, len(entitlements))}
	at := map[string]int{}
	for i, e := range entitlements {
		app, role := fold(e.App.Name), fold(e.Name)
		x.names[i] = []string{app, role, app + " " + role}
		x.add(at, i, inApp, app)
		x.add(at, i, inApp, initials(app))
		x.add(at, i, inRole, role)
		x.add(at, i, inTag, fold(strings.Join(e.App.Tags, " ")))
		x.add(at, i, inCategory, fold(e.App.Category))
		x.add(at, i, inDescription, fold(e.App.Description))
		x.add(at, i, inDescription, fold(e.Description))
	}
	return x
}

// add indexes the words of one field; fields come by falling weight, so the first hit of a word is its best.
func (x *searchIndex) add(at map[string]int, entitlement, field int, text string) {
	for word := range strings.FieldsSeq(text) {
		i, ok := at[word]
		if !ok {
			i = len(x.words)
			at[word] = i
			x.words = append(x.words, indexWord{text: word, runes: []rune(word), letters: letters(word)})
		}
		w := &x.words[i]
		if n := len(w.hits); n == 0 || w.hits[n-1].entitlement != int32(entitlement) {
			w.hits = append(w.hits, hit{int32(entitlement), int32(field)})
		}
	}
}

// initials turns "google cloud platform" into "gcp".
func initials(name string) string {
	words := strings.Fields(name)
	if len(words) < 2 {
		return ""
	}
	var b strings.Builder
	for _, w := range words {
		b.WriteRune([]rune(w)[0])
	}
	return b.String()
}

func letters(word string) (set uint64) {
	for _, r := range word {
		set |= 1 << (uint(r) % 64)
	}
	return set
}

// Search finds requestable entitlements by the words of query, best first: names before tags, category and description; whole
// words before beginnings, parts and near misses. Every word must match; case, accents and punctuation do not count. An
// empty query gives all, ordered by app name. It asks allow (nil: all are allowed) only until limit are found; 0 is no limit.
func (c *Catalog) Search(query string, limit int, allow func(*Entitlement) bool) []*Entitlement {
	var out []*Entitlement
	for _, i := range c.searchable.rank(fold(query)) {
		e := c.searchable.all[i]
		if allow != nil && !allow(e) {
			continue
		}
		out = append(out, e)
		if len(out) == limit {
			break
		}
	}
	return out
}

// rank returns the positions of the entitlements that match, best first.
func (x *searchIndex) rank(query string) []int32 {
	words := strings.Fields(query)
	words = words[:min(len(words), 8)] // a pasted sentence is no search
	total := make([]int32, len(x.all))
	best := make([]int32, len(x.all))
	for _, word := range words {
		clear(best)
		x.score(word, best)
		for i, s := range best {
			if s == 0 || total[i] < 0 {
				total[i] = -1
				continue
			}
			total[i] += s
		}
	}
	var found []int32
	for i, s := range total {
		if s < 0 {
			continue
		}
		if len(words) > 0 {
			total[i] += nameBonus(query, x.names[i])
		}
		found = append(found, int32(i))
	}
	if len(words) > 0 {
		slices.SortFunc(found, func(a, b int32) int { return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a, b)) })
	}
	return found
}

// nameBonus puts names that are or begin with the whole query on top, the app's before the role's.
func nameBonus(query string, names []string) int32 {
	for i, name := range names {
		if name == query {
			return bonusName - int32(i)
		}
	}
	for i, name := range names {
		if strings.HasPrefix(name, query) {
			return bonusNamePrefix - int32(i)
		}
	}
	return 0
}

// score writes the best score of a word for each entitlement.
func (x *searchIndex) score(word string, best []int32) {
	q := indexWord{text: word, runes: []rune(word), letters: letters(word)}
	for i := range x.words {
		kind := q.compare(&x.words[i])
		if kind == 0 {
			continue
		}
		for _, h := range x.words[i].hits {
			if kind == hitNear && h.field < inRole {
				continue // near misses in tags and prose find too much
			}
			best[h.entitlement] = max(best[h.entitlement], kind*h.field)
		}
	}
}

// compare tells how the word of a query meets a word of the index; 0 if it does not.
func (q *indexWord) compare(w *indexWord) int32 {
	if at := strings.Index(w.text, q.text); at >= 0 {
		switch {
		case len(w.text) == len(q.text):
			return hitWord
		case at == 0:
			return hitPrefix
		case len(q.runes) > 1:
			return hitPart
		}
		return 0
	}
	limit := 0
	switch n := len(q.runes); {
	case n >= 8:
		limit = 2
	case n >= 4:
		limit = 1
	}
	if limit > 0 && bits.OnesCount64(q.letters^w.letters) <= 2*limit && typos(q.runes, w.runes, limit) <= limit {
		return hitNear
	}
	if len(q.runes) >= 3 && q.letters&^w.letters == 0 && subsequence(q.runes, w.runes) {
		return hitNear
	}
	return 0
}

// subsequence reports whether the letters of short occur in long in their order, beginning with the same one.
func subsequence(short, long []rune) bool {
	if len(short) > len(long) || short[0] != long[0] {
		return false
	}
	i := 0
	for _, r := range long {
		if i < len(short) && short[i] == r {
			i++
		}
	}
	return i == len(short)
}
