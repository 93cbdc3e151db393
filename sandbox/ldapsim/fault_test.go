package ldapsim_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/sandbox/ldapsim"
)

func TestFaultsAnswerAsTheyShould(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	for kind, want := range map[ldapsim.FaultKind]struct {
		code  uint16
		added bool
	}{
		ldapsim.Down: {vendor.ErrorNetwork, false}, ldapsim.LostAnswer: {vendor.ErrorNetwork, true},
		ldapsim.Truncated: {vendor.ErrorNetwork, true}, ldapsim.Slow: {vendor.LDAPResultSuccess, true},
		ldapsim.RateLimit: {vendor.LDAPResultBusy, false}, ldapsim.Error500: {vendor.LDAPResultOther, false},
		ldapsim.Error503: {vendor.LDAPResultUnavailable, false}, ldapsim.Forbidden: {vendor.LDAPResultInsufficientAccessRights, false},
		ldapsim.Unauthorized: {vendor.LDAPResultOperationsError, false}, ldapsim.Gone: {vendor.LDAPResultNoSuchObject, false},
	} {
		if err := s.RemoveMemberByHand(wiki, adaID, ""); err != nil {
			t.Fatal(err)
		}
		conn := dial(t, url)
		s.ResetCalls()
		s.Inject(ldapsim.Fault{Name: ldapsim.OpMemberAdd, Kind: kind, Times: 1, After: time.Millisecond})
		err := join(conn, ada)
		if got := codeOf(err); got != want.code {
			t.Errorf("%s: %v", kind, err)
		}
		if added := slices.Contains(s.Members(wiki), adaID); added != want.added {
			t.Errorf("%s: added %t", kind, added)
		}
		if c := s.Calls()[0]; c.Fault != string(kind) || c.Changed != want.added || (c.Result == "") != (want.code == vendor.ErrorNetwork) {
			t.Errorf("%s: %+v", kind, c)
		}
	}
}

// codeOf is the result that the error tells; ErrorNetwork where there was none.
func codeOf(err error) uint16 {
	var e *vendor.Error
	switch {
	case err == nil:
		return vendor.LDAPResultSuccess
	case errors.As(err, &e):
		return e.ResultCode
	}
	return vendor.ErrorNetwork
}

func TestHangsEndWhenTheyAreReleasedOrTheClientLeaves(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	for _, kind := range []ldapsim.FaultKind{ldapsim.HangBefore, ldapsim.HangAfter} {
		for _, leaves := range []bool{false, true} {
			if err := s.RemoveMemberByHand(wiki, adaID, ""); err != nil {
				t.Fatal(err)
			}
			conn := dial(t, url)
			s.ResetCalls()
			s.Inject(ldapsim.Fault{Name: ldapsim.OpMemberAdd, Kind: kind, Times: 1})
			over := make(chan struct{})
			go func() {
				defer close(over)
				_ = join(conn, ada) // Whether it was done is what is looked at.
			}()
			for changed := s.Changed(); len(s.Calls()) == 0 || kind == ldapsim.HangAfter && !s.Calls()[0].Changed; changed = s.Changed() {
				select {
				case <-changed:
				case <-over:
					t.Fatalf("%s does not hang", kind)
				}
			}
			if leaves {
				_ = conn.Close()
			} else {
				release(s, over)
			}
			if got, want := slices.Contains(s.Members(wiki), adaID), kind == ldapsim.HangAfter; got != want {
				t.Errorf("%s: added %t", kind, got)
			}
		}
	}
}

// release lets go until the request has an end: it may not have begun to hang at the first time.
func release(s *ldapsim.Server, over <-chan struct{}) {
	for {
		s.ReleaseHangs()
		select {
		case <-over:
			return
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestAFaultHitsWhomItShould(t *testing.T) {
	t.Parallel()
	s, url := start(t)
	conn := dial(t, url)
	s.Inject(ldapsim.Fault{Kind: ldapsim.Error503, Skip: 1, Times: 2})
	var failed []bool
	for range 4 {
		failed = append(failed, join(conn, ada) != nil, leave(conn, ada) != nil)
	}
	if !slices.Equal(failed[:4], []bool{false, true, true, false}) || slices.Contains(failed[4:], true) {
		t.Error(failed)
	}
	s.Inject(ldapsim.Fault{Name: ldapsim.OpBind, Kind: ldapsim.Unauthorized})
	if err := conn.Bind(program, password); !vendor.IsErrorWithCode(err, vendor.LDAPResultInvalidCredentials) {
		t.Error(err)
	}
	s.ClearFaults()
	if err := conn.Bind(program, password); err != nil {
		t.Error(err)
	}
	if len(ldapsim.FaultKinds()) != 12 {
		t.Error(ldapsim.FaultKinds())
	}
}
