package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// label marks the goroutines of a life.
func (l *life) label() string { return fmt.Sprintf("%p", l) }

// goroutines is how many goroutines of the life there are.
func (l *life) goroutines() (n int) {
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		panic(err)
	}
	for _, stack := range strings.Split(b.String(), "\n\n") {
		if strings.Contains(stack, `"life":"`+l.label()+`"`) {
			words := strings.Fields(stack[max(0, strings.LastIndex(stack[:strings.Index(stack, " @ ")], "\n")):])
			k, err := strconv.Atoi(words[0])
			if err != nil {
				panic(stack)
			}
			n += k
		}
	}
	return n
}

// files is how many files of the town are open.
func (w *town) files() (n int) {
	fds, _ := filepath.Glob("/proc/self/fd/*")
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && strings.HasPrefix(to, w.dir+"/") {
			n++
		}
	}
	return n
}

// leftovers checks the rest of invariant 11: what the running product knows of the next timer is what the file says, and no
// goroutine, connection or file is left over from what was done.
func (o *oracle) leftovers(ctx context.Context, w *town) {
	var next time.Time
	if len(o.timers) > 0 {
		next = o.timers[0].At
	}
	if known := w.life.prog.NextDue(ctx); !known.Equal(next) {
		o.wrong(11, "the running product believes that the next timer is due at %s, and it is at %s", known, next)
	}
	// Two sockets of Slack and what is kept open for the next call; the database; and what runs from the start to the end,
	// two more for each connection; the test itself may have one or two with the mark.
	conns, files, routines := int(w.life.open.Load()), w.files(), w.life.goroutines()
	if conns > 8 || files != 1 || routines > 58+2*conns {
		o.wrong(11, "at rest %d connections, %d files and %d goroutines are left", conns, files, routines)
	}
}
