package ldap

import (
	"strconv"
	"time"

	"usher/idp"
)

// lockedForGood is the value of pwdAccountLockedTime for an account that only an administrator can open again (draft-behera
// LDAP password policy, 5.3.3).
const lockedForGood = "000001010000Z"

// Bits of userAccountControl ([MS-ADTS] 2.2.16).
const (
	accountDisabled = 0x2
	lockedOut       = 0x10 // in msDS-User-Account-Control-Computed only
)

// status judges whether the person may hold access, and says by which attribute.
func (s *settings) status(e entry) (idp.UserStatus, string) {
	if s.disabled.matches(e) {
		return idp.Departed, "matches the disabled filter"
	}
	if s.schema.kind == ActiveDirectory {
		return s.windowsStatus(e)
	}
	if since := e.first("pwdAccountLockedTime"); since != "" {
		return idp.Inactive, "pwdAccountLockedTime " + since
	}
	return idp.Active, "not locked"
}

// windowsStatus takes a disabled account for one that has left, since Active Directory has no other word for it, and one that
// is locked or has run out for one that may come back. lockoutTime is not asked: it stays after the lock is over.
func (s *settings) windowsStatus(e entry) (idp.UserStatus, string) {
	bits, err := strconv.ParseInt(e.first("userAccountControl"), 10, 64)
	if err != nil {
		return idp.Inactive, "userAccountControl cannot be read"
	}
	computed, _ := strconv.ParseInt(e.first("msDS-User-Account-Control-Computed"), 10, 64)
	expires, limited := parseFiletime(e.first("accountExpires"))
	switch {
	case bits&accountDisabled != 0:
		return idp.Departed, "account disabled"
	case computed&lockedOut != 0:
		return idp.Inactive, "locked out"
	case limited && !s.Now().Before(expires):
		return idp.Inactive, "account expired " + expires.Format(time.DateOnly)
	}
	return idp.Active, "account enabled"
}

// lastLogin is the latest sign-in that the directory knows. Active Directory replicates lastLogonTimestamp with up to two
// weeks' delay, and lastLogon is what this one server has seen. OpenLDAP knows it only with the overlay lastbind or ppolicy.
func lastLogin(e entry) time.Time {
	var last time.Time
	keep := func(t time.Time, ok bool) {
		if ok && t.After(last) {
			last = t
		}
	}
	for _, name := range []string{"lastLogonTimestamp", "lastLogon"} {
		keep(parseFiletime(e.first(name)))
	}
	for _, name := range []string{"authTimestamp", "pwdLastSuccess"} {
		keep(parseGeneralizedTime(e.first(name)))
	}
	return last
}
