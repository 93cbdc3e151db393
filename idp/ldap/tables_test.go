package ldap

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	vendor "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

func TestGUIDText(t *testing.T) {
	t.Parallel()
	// The example of [MS-DTYP] 2.3.4.3 in the byte order of 2.3.4.2.
	for raw, want := range map[string]string{
		"000102030405060708090a0b0c0d0e0f": "03020100-0504-0706-0809-0a0b0c0d0e0f",
		"80f7a16a3e39d211a1cf00a0c91ef4a0": "6aa1f780-393e-11d2-a1cf-00a0c91ef4a0",
	} {
		b, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := guidText(b)
		if !ok || got != want {
			t.Errorf("%s: got %q, want %q", raw, got, want)
		}
		back, ok := guidBytes(strings.ToUpper(want))
		if !ok || string(back) != string(b) {
			t.Errorf("%s: back to %x", want, back)
		}
	}
	if _, ok := guidText(make([]byte, 15)); ok {
		t.Error("15 bytes are no id")
	}
}

func FuzzGUID(f *testing.F) {
	f.Add("6aa1f780-393e-11d2-a1cf-00a0c91ef4a0")
	f.Add("6aa1f780-393e-11d2-a1cf-00a0c91ef4aé")
	f.Fuzz(func(t *testing.T, text string) {
		raw, ok := guidBytes(text)
		if ok != isUUID(text) {
			t.Fatalf("%q is taken for bytes: %v, for an id: %v", text, ok, isUUID(text))
		}
		if !ok {
			return
		}
		if back, ok := guidText(raw); !ok || !strings.EqualFold(back, text) {
			t.Fatalf("%q became %q", text, back)
		}
	})
}

// securityID reads a textual identifier, so that tables can be read.
func securityID(t *testing.T, text string) string {
	t.Helper()
	var s sid
	for i, part := range strings.Split(strings.TrimPrefix(text, "S-1-"), "-") {
		var n uint64
		if _, err := fmt.Sscan(part, &n); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			s.authority = n
		} else {
			s.parts = append(s.parts, uint32(n))
		}
	}
	return string(s.bytes())
}

func TestSecurityIdentifier(t *testing.T) {
	t.Parallel()
	const text = "S-1-5-21-397955417-626881126-188441444-3101001"
	raw := securityID(t, text)
	if hex.EncodeToString([]byte(raw)) != "010500000000000515000000"+"5951b817"+"66725d25"+"64633b0b"+"49512f00" {
		t.Fatalf("got %x", raw)
	}
	s, ok := parseSID([]byte(raw))
	if !ok || string(s.bytes()) != raw || s.rid() != 3101001 || len(s.parts) != 5 {
		t.Fatalf("got %v, %v", s, ok)
	}
	if other, ok := s.sibling(513); !ok || string(other.bytes()) != securityID(t, "S-1-5-21-397955417-626881126-188441444-513") || s.rid() != 3101001 {
		t.Fatalf("got %v, %v", other, ok)
	}
	for _, bad := range []string{"", "\x01", raw[:len(raw)-1], raw + "\x00", "\x02" + raw[1:]} {
		if _, ok := parseSID([]byte(bad)); ok {
			t.Errorf("%x is no identifier", bad)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"116444736000000000": "1970-01-01T00:00:00Z", "133485408001234567": "2024-01-01T00:00:00.1234567Z",
		"0": "", "9223372036854775807": "", "-1": "", "never": "", "": "",
	} {
		got, ok := parseFiletime(text)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]string{
		"20240229123456Z": "2024-02-29T12:34:56Z", "20240229123456.0Z": "2024-02-29T12:34:56Z", "20240229123456,25Z": "2024-02-29T12:34:56.25Z",
		"20240229123456+0200": "2024-02-29T10:34:56Z", "202402291234Z": "2024-02-29T12:34:00Z", "2024022912Z": "2024-02-29T12:00:00Z",
		"20240230123456Z": "", "20240229": "", "": "",
	} {
		got, ok := parseGeneralizedTime(text)
		if ok != (want != "") || ok && got.Format(time.RFC3339Nano) != want {
			t.Errorf("%q: got %v, %v", text, got, ok)
		}
	}
}

func made(pairs ...string) entry {
	e := vendor.NewEntry("cn=x", nil)
	for i := 0; i < len(pairs); i += 2 {
		e.Attributes = append(e.Attributes, vendor.NewEntryAttribute(pairs[i], strings.Split(pairs[i+1], "|")))
	}
	return newEntry(e)
}

func TestCondition(t *testing.T) {
	t.Parallel()
	e := made("employeeStatus", "Left", "nsAccountLock", "true", "ou", "a|b")
	for filter, want := range map[string]bool{
		"": false, "(employeeStatus=left)": true, "(EMPLOYEESTATUS=LEFT)": true, "(employeeStatus=lef)": false, "(ou=b)": true,
		"(ou=*)": true, "(mail=*)": false, "(!(mail=*))": true, "(&(ou=a)(nsAccountLock=TRUE))": true, "(&(ou=a)(ou=c))": false,
		"(|(ou=c)(ou=d))": false, "(|(ou=c)(&(ou=a)(!(ou=c))))": true,
	} {
		c, err := parseCondition(filter)
		if err != nil || c.matches(e) != want {
			t.Errorf("%q: %v, %v, want %v", filter, c.matches(e), err, want)
		}
	}
	for _, filter := range []string{"left", "(ou=a*)", "(ou>=a)", "(ou=a)(ou=b)", "(ou:caseExactMatch:=a)", "(ou=a"} {
		if _, err := parseCondition(filter); err == nil {
			t.Errorf("%q is taken", filter)
		}
	}
	c, err := parseCondition("(|(a=1)(!(b=*)))")
	if err != nil || strings.Join(c.attributes(), " ") != "a b" {
		t.Errorf("needs %v, %v", c.attributes(), err)
	}
}

func TestStatusOfWindowsAccounts(t *testing.T) {
	t.Parallel()
	s, err := Config{URLs: []string{"ldaps://dc"}, Schema: ActiveDirectory, BaseDN: "dc=x", BindDN: "u@x", Password: "p", Now: func() time.Time {
		return time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	}}.normalized()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		attributes []string
		want       idp.UserStatus
	}{
		{[]string{"userAccountControl", "512"}, idp.Active},
		{[]string{"useraccountcontrol", "66048"}, idp.Active}, // the password never expires
		{[]string{"userAccountControl", "514"}, idp.Departed},
		{[]string{"userAccountControl", "66050", "accountExpires", "1"}, idp.Departed},
		{[]string{"userAccountControl", "512", "accountExpires", "0"}, idp.Active},
		{[]string{"userAccountControl", "512", "accountExpires", "9223372036854775807"}, idp.Active},
		{[]string{"userAccountControl", "512", "accountExpires", "133485408000000000"}, idp.Inactive}, // this moment
		{[]string{"userAccountControl", "512", "accountExpires", "133500000000000000"}, idp.Active},
		{[]string{"userAccountControl", "512", "msDS-User-Account-Control-Computed", "16"}, idp.Inactive},
		{[]string{"userAccountControl", "512", "lockoutTime", "133485408000000000"}, idp.Active}, // stays after the lock
		{nil, idp.Inactive},
		{[]string{"userAccountControl", "many"}, idp.Inactive},
	} {
		if got, detail := s.status(made(c.attributes...)); got != c.want || detail == "" {
			t.Errorf("%v: %s (%s), want %s", c.attributes, got, detail, c.want)
		}
	}
}

func TestLastLogin(t *testing.T) {
	t.Parallel()
	e := made("lastLogonTimestamp", "133485408000000000", "lastLogon", "116444736000000000", "authTimestamp", "20240229123456Z", "pwdLastSuccess", "20230229123456Z")
	if got := lastLogin(e); got.Format(time.RFC3339) != "2024-02-29T12:34:56Z" {
		t.Errorf("got %v", got)
	}
	if got := lastLogin(made("lastLogonTimestamp", "0")); !got.IsZero() {
		t.Errorf("got %v", got)
	}
}

func TestRefusalOfWindowsGroups(t *testing.T) {
	t.Parallel()
	const own = "S-1-5-21-1-2-3-1106"
	group := func(sid string, more ...string) entry {
		return made(append([]string{"objectClass", "top|group", "groupType", "-2147483646", "objectSid", securityID(t, sid)}, more...)...)
	}
	for what, c := range map[string]struct {
		e       entry
		refused bool
	}{
		"security group":        {group(own), false},
		"distribution group":    {group(own, "groupType", "2"), false},
		"adminCount 0":          {group(own, "adminCount", "0"), false},
		"once protected":        {group(own, "adminCount", "1"), true},
		"critical":              {group(own, "isCriticalSystemObject", "TRUE"), true},
		"Domain Admins":         {group("S-1-5-21-1-2-3-512"), true},
		"Domain Users":          {group("S-1-5-21-1-2-3-513"), true},
		"Key Admins":            {group("S-1-5-21-1-2-3-526"), true},
		"Administrators":        {group("S-1-5-32-544"), true},
		"Authenticated Users":   {group("S-1-5-11"), true},
		"first of the domain's": {group("S-1-5-21-1-2-3-1000"), false},
		"dynamic object":        {group(own, "objectClass", "group|dynamicObject"), true},
		"query":                 {group(own, "msDS-AzLDAPQuery", "(a=b)"), true},
		"unreadable":            {made("objectClass", "group"), true},
		"unreadable identifier": {made("objectClass", "group", "groupType", "2"), true},
	} {
		if got := activeDirectory().refusal(c.e); (got != "") != c.refused || got != "" && !strings.HasSuffix(got, ".") {
			t.Errorf("%s: %q", what, got)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e    entry
		from int
		want string // values and whether they are the last, or "error"
	}{
		{made("member", "a|b"), 0, "a b true"},
		{made("objectClass", "group"), 0, " true"},
		{made("Member;Range=0-1", "a|b"), 0, "a b false"},
		{made("member;range=2-*", "c"), 2, "c true"},
		{made("member;range=0-1", "a|b"), 2, "error"},
		{made("member;range=3-*", "c"), 2, "error"},
		{made("member;range=0-5", "a|b"), 0, "error"},
		{made("member;range=x-*", "a"), 0, "error"},
		{made("member;range=0-x", "a"), 0, "error"},
		{made("uniqueMember;range=0-*", "a"), 0, " true"},
	} {
		values, last, err := rangeOf(c.e, "member", c.from)
		got := fmt.Sprintf("%s %v", strings.Join(values, " "), last)
		if err != nil {
			got = "error"
		}
		if got != c.want {
			t.Errorf("%v from %d: %q, want %q", c.e.attributes, c.from, got, c.want)
		}
	}
}

func TestOptionalIdentifiersOfUniqueMember(t *testing.T) {
	t.Parallel()
	got := plainNames([]string{"cn=a,dc=x", "cn=b,dc=x#'0101'B", "cn=c#,dc=x"})
	if strings.Join(got, ";") != "cn=a,dc=x;cn=b,dc=x;cn=c#,dc=x" {
		t.Fatalf("got %q", got)
	}
}

func TestResultCodes(t *testing.T) {
	t.Parallel()
	const signIn = "80090308: LdapErr: DSID-0C09042F, comment: AcceptSecurityContext error, data %s, v2580"
	for _, c := range []struct {
		code uint16
		text string
		want idp.Kind
		says string
	}{
		{1, "", idp.Unavailable, "LDAP 1"},
		{1, "000004DC: LdapErr: DSID-0C0907C2, comment: In order to perform this operation a successful bind must be completed", idp.Unauthorized, "LDAP 1/000004DC"},
		{2, "", idp.Invalid, ""},
		{3, "", idp.Unavailable, ""},
		{4, "", idp.Forbidden, "size limit"},
		{8, "modifications require authentication", idp.Unauthorized, ""},
		{10, "0000202B: RefErr: DSID-0310082F, data 0, 1 access points", idp.Forbidden, "read-only"},
		{11, "", idp.Forbidden, "limits"},
		{19, "", idp.Invalid, ""},
		{32, "", idp.Forbidden, "base DN"},
		{49, fmt.Sprintf(signIn, "52e"), idp.Unauthorized, "password is wrong"},
		{49, fmt.Sprintf(signIn, "533"), idp.Unauthorized, "disabled"},
		{49, fmt.Sprintf(signIn, "775"), idp.Unauthorized, "locked out"},
		{49, "", idp.Unauthorized, "invalid credentials"},
		{50, "00002098: SecErr: DSID-03150F94, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0", idp.Forbidden, "LDAP 50/00002098"},
		{51, "", idp.Throttled, ""},
		{52, "", idp.Unavailable, ""},
		{53, "operation restricted", idp.Unavailable, "read-only"},
		{53, "shadow context; no update referral", idp.Forbidden, "writable server"},
		{53, "0000054F: SvcErr: DSID-031A1236, problem 5003 (WILL_NOT_PERFORM), data 0", idp.Invalid, "/0000054F"},
		{65, "", idp.Invalid, ""},
		{80, "ada.byron@suite.example has\ntwo lines", idp.Unavailable, ""},
		{123, "", idp.Forbidden, ""},
		{90, "", idp.Unavailable, ""},
	} {
		err := vendor.NewError(c.code, errors.New(c.text))
		e := translate("read user", err)
		if e.Kind != c.want || !strings.Contains(e.Error(), c.says) || strings.ContainsAny(e.Error(), "\r\n@") || e.Op != "read user" {
			t.Errorf("%d %q: %v, want %s", c.code, c.text, e, c.want)
		}
	}
}

func TestWhatIsNoAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("uid=ada.byron@suite.example"), vendor.NewError(vendor.ErrorNetwork, errors.New("x")), context.Canceled,
		fmt.Errorf("wrapped: %w", context.DeadlineExceeded), errTimeout,
	} {
		e := translate("read user", err)
		if e.Kind != idp.Unavailable || strings.Contains(e.Error(), "@") {
			t.Errorf("%v became %v", err, e)
		}
		if errors.Is(err, context.Canceled) != errors.Is(e, context.Canceled) || errors.Is(err, context.DeadlineExceeded) != errors.Is(e, context.DeadlineExceeded) {
			t.Errorf("%v became %v", err, e)
		}
	}
}

func TestCheckOfTheKindOfDirectory(t *testing.T) {
	t.Parallel()
	const paging = "1.2.840.113556.1.4.319"
	controller := []string{"supportedControl", paging, "supportedCapabilities", capabilityAD}
	for _, c := range []struct {
		schema schema
		root   entry
		ok     bool
		says   string
	}{
		{openLDAP(), made("supportedControl", paging), true, "page by page"},
		{openLDAP(), made(), true, "beyond its size limit"},
		{openLDAP(), made(controller...), false, "is Active Directory"},
		{activeDirectory(), made("supportedControl", paging), false, "is not Active Directory"},
		{activeDirectory(), made(controller...), true, "page by page"},
		{activeDirectory(), made("supportedControl", paging, "supportedCapabilities", capabilityAD+"|"+capabilityReadOnly), false, "read-only"},
	} {
		p := &Provider{cfg: settings{schema: c.schema}}
		if f := p.checkKind(c.root); f.OK != c.ok || !strings.Contains(f.Detail, c.says) || f.OK == (f.Fix != "") {
			t.Errorf("%v: %+v", c.root.attributes, f)
		}
	}
}
