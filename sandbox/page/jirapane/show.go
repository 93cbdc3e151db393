package jirapane

import (
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// face is a person beside whose name stands a circle with initials.
type face struct {
	Name, Initials string
	Color          int // one of faceColors, from 0
	Nobody         bool
}

const faceColors = 6

func (d *drawing) face(accountID string) face {
	if accountID == "" {
		return face{Name: "Unassigned", Nobody: true}
	}
	name := d.name(accountID)
	if name == "" {
		name = "Former user"
	}
	return faceOf(name)
}

func faceOf(name string) face {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	initials := ""
	if len(words) > 0 {
		initials = string([]rune(words[0])[:1])
	}
	if len(words) > 1 {
		initials += string([]rune(words[len(words)-1])[:1])
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(name)) // Never fails.
	return face{Name: name, Initials: strings.ToUpper(initials), Color: int(h.Sum32() % faceColors)}
}

// stamp is a moment in the reader's zone: in few words, in full, and for machines.
type stamp struct {
	Short, Full, Machine string
}

func (d *drawing) at(t time.Time) *stamp {
	s := d.stamp(t)
	return &s
}

func (d *drawing) stamp(t time.Time) stamp {
	here, now := t.In(d.viewer.Zone), d.now.In(d.viewer.Zone)
	on := here.Format("Jan 2, 2006")
	switch days := daysBetween(now, here); {
	case days == 0:
		on = "Today"
	case days == -1:
		on = "Yesterday"
	case days == 1:
		on = "Tomorrow"
	case here.Year() == now.Year():
		on = here.Format("Jan 2")
	}
	return stamp{
		Short: on + " at " + here.Format("15:04"), Full: here.Format("Monday, January 2, 2006 at 15:04:05 MST"), Machine: here.Format(time.RFC3339),
	}
}

// daysBetween counts the midnights from a to b, which are of one zone.
func daysBetween(a, b time.Time) int {
	midnight := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(midnight(b).Sub(midnight(a)) / (24 * time.Hour))
}

// day is a date without a time, which is the same in every zone.
func day(date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return t.Format("Jan 2, 2006")
}

// contrast is how much text must stand out from white, a little over what WCAG AA asks for.
const contrast = 5.0

// readable darkens a color, as #rrggbb, until text in it can be read on white and on the light grounds of panels.
func readable(hex string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		return "#172b4d"
	}
	rgb := [3]float64{float64(n >> 16 & 0xff), float64(n >> 8 & 0xff), float64(n & 0xff)}
	for 1.05/(luminance(rgb)+0.05) < contrast {
		for i := range rgb {
			rgb[i] = math.Floor(rgb[i] * 0.95)
		}
	}
	return fmt.Sprintf("#%02x%02x%02x", int(rgb[0]), int(rgb[1]), int(rgb[2]))
}

// luminance is the relative luminance by WCAG, 0 = black, 1 = white.
func luminance(rgb [3]float64) float64 {
	sum := 0.0
	for i, share := range [3]float64{0.2126, 0.7152, 0.0722} {
		c := rgb[i] / 255
		if c <= 0.03928 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += share * c
	}
	return sum
}
