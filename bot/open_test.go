package bot

import (
	"errors"
	"strings"
	"testing"
	"time"

	"usher/access"
	"usher/catalog"
	"usher/sandbox/slacksim"
)

// called counts the calls of one method of the Web API.
func (s *stage) called(method string) int {
	n := 0
	for _, c := range s.sim.Calls() {
		if c.Name == method {
			n++
		}
	}
	return n
}

func TestAFormThatIsReadySoonCostsOneCall(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *stage) {
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github write")
		s.must(err)
		v := s.view(ann(), "<GitHub: Write>", "Who decides")
		time.Sleep(time.Second) // Nobody is faster than the answer to the call that opened the window.
		if s.called("views.open") != 1 || s.called("views.update") != 0 {
			t.Errorf("%d windows opened, %d drawn anew", s.called("views.open"), s.called("views.update"))
		}
		// A length that changes nothing of what is shown costs no call, and the choice counts all the same.
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, "duration/github-write", actionDuration, "1 hour"))
		if n := s.called("views.update"); n != 0 {
			t.Errorf("the same was drawn %d times", n)
		}
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, "duration/github-write", actionDuration, "1 day"))
		s.view(ann(), "*Who decides*\nCyd O'Hara")
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, "duration/github-write", actionDuration, "1 hour"))
		s.view(ann(), "*Who decides*\nBob Ito or Cyd O'Hara")
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because"))
		_, err = s.sim.SubmitView(s.ctx, id(ann()), v.ID)
		s.must(err)
		if n := s.called("views.update"); n != 2 || s.core.drafts[0].Duration != hour {
			t.Errorf("drawn anew %d times, sent %+v", n, s.core.drafts[0])
		}
	})
}

func TestAFormThatCameBackIsDrawnForWhatIsChosenThen(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *stage) {
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github write")
		s.must(err)
		v := s.view(ann(), "<GitHub: Write>", "Who decides")
		time.Sleep(time.Second) // Nobody is faster than the answer to the call that opened the window.
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, blockReason, actionReason, "Because"))
		s.core.refuse("submit", errors.New("broken"))
		_, err = s.sim.SubmitView(s.ctx, id(ann()), v.ID)
		s.must(err)
		v = s.view(ann(), "went wrong on our side")
		// The same as was drawn at first, but not what stands there now.
		s.must(s.sim.SetInput(s.ctx, id(ann()), v.ID, "duration/github-write", actionDuration, "1 hour"))
		time.Sleep(time.Second)
		if now, _ := s.sim.View(id(ann())); strings.Contains(now.Plain(), "went wrong") {
			t.Errorf("the old trouble is still shown:\n%s", now.Plain())
		}
	})
}

func TestAFormThatIsSlowOpensAWindowAtOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *stage) {
		goOn := s.core.slow("preview")
		began := time.Now()
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github write")
		s.must(err)
		if took := time.Since(began); took > 10*time.Millisecond {
			t.Errorf("the command was acknowledged after %v", took)
		}
		s.view(ann(), "Opening the catalog")
		if took := time.Since(began); took < openWithin || took > openWithin+200*time.Millisecond {
			t.Errorf("the window opened after %v", took)
		}
		time.Sleep(5 * time.Second) // Far longer than a trigger lives.
		goOn()
		s.view(ann(), "<GitHub: Write>", "Who decides")
	})
}

func TestASlowRefusalIsSaidInTheWindow(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *stage) {
		goOn := s.core.slow("identify")
		s.core.refuse("identify", &access.Refusal{Code: access.DirectoryDown, Text: "The directory does not answer."})
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "")
		s.must(err)
		s.view(ann(), "Opening the catalog")
		goOn()
		s.view(ann(), "The directory does not answer.")
	})
}

func TestAPanicWhileAFormIsPreparedIsAnswered(t *testing.T) {
	t.Parallel()
	inBubble(t, nil, func(s *stage) {
		s.core.refuse("choices", &access.Refusal{Text: "panic"})
		_, err := s.sim.Run(s.ctx, id(ann()), "/access", "github write")
		s.must(err)
		_, err = s.sim.WaitMessage(s.ctx, slacksim.GeneralChannel, func(m slacksim.Message) bool {
			return m.To == id(ann()) && strings.Contains(m.Plain(), "went wrong on our side")
		})
		s.must(err)
	})
}

func TestWordsMeanTheRoleThatTheyNameBest(t *testing.T) {
	t.Parallel()
	role := func(app, name string) access.Choice {
		return access.Choice{Entitlement: catalog.EntitlementID(app + "-" + name), Role: access.Role{AppName: app, EntitlementName: name}}
	}
	all := []access.Choice{role("GitHub", "Write"), role("GitHub", "Write admin"), role("Figma", "Editor"), role("Figma Jam", "Editor")}
	for words, want := range map[string]string{
		"github write":        "GitHub-Write", // Also in the name of another.
		"GITHUB:  Write":      "GitHub-Write",
		"github write admin":  "GitHub-Write admin",
		"admin":               "GitHub-Write admin",
		"figma":               "Figma-Editor",
		"github":              "",
		"editor":              "",
		"figma jam":           "Figma Jam-Editor",
		"something by prose?": "",
	} {
		got := ""
		if c := meant(all, words); c != nil {
			got = string(c.Entitlement)
		}
		if got != want {
			t.Errorf("%q means %q, expected %q", words, got, want)
		}
	}
	if c := meant(all[:1], "gihtub"); c == nil {
		t.Error("the only hit is not meant")
	}
}

func TestWhatFitsButIsClosedIsNamedWithItsReason(t *testing.T) {
	t.Parallel()
	s := play(t, nil)
	pay := access.Role{App: "pay", AppName: "Payroll", EntitlementName: "Clerk"}
	s.core.closed = []access.Closed{{Role: pay, Why: "Only Finance pays people"}}
	_, err := s.sim.Run(s.ctx, id(ann()), "/access", "payroll")
	s.must(err)
	s.view(ann(), "Nothing that you can ask for fits", "You cannot ask for Payroll: Clerk: Only Finance pays people")
}
