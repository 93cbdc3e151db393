package googlesim

import (
	"encoding/base64"
	"sort"
	"strings"
)

// page cuts a list that is ordered by its keys: the part behind the token, of at most size rows, and the token of the next.
// People who come and go between two pages shift nothing, as the token names a place and not a number.
func page[T any](rows []T, key func(T) string, token string, size int) ([]T, string, bool) {
	start := 0
	if token != "" {
		raw, err := base64.RawURLEncoding.DecodeString(token)
		after, isOurs := strings.CutPrefix(string(raw), "after ")
		if err != nil || !isOurs {
			return nil, "", false
		}
		start = sort.Search(len(rows), func(i int) bool { return key(rows[i]) > after })
	}
	if len(rows)-start <= size {
		return rows[start:], "", true
	}
	rows = rows[start : start+size]
	return rows, base64.RawURLEncoding.EncodeToString([]byte("after " + key(rows[size-1]))), true
}

// listed puts a page into an answer. Absent things are left out, as the APIs do.
func listed(kind, name string, rows []any, next string) object {
	body := object{"kind": kind, "etag": etag(kind, name, len(rows), next)}
	if len(rows) > 0 {
		body[name] = rows
	}
	if next != "" {
		body["nextPageToken"] = next
	}
	return body
}
