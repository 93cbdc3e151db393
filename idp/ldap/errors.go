package ldap

import (
	"context"
	"errors"
	"strconv"
	"strings"

	ldap "github.com/go-ldap/ldap/v3"

	"usher/idp"
)

// Result codes that need a look of their own. The rest are in kindOf.
const (
	codeSizeLimit      = ldap.LDAPResultSizeLimitExceeded
	codeNoSuchValue    = ldap.LDAPResultNoSuchAttribute
	codeValueExists    = ldap.LDAPResultAttributeOrValueExists
	codeNoSuchObject   = ldap.LDAPResultNoSuchObject
	codeUnwilling      = ldap.LDAPResultUnwillingToPerform
	codeClassViolation = ldap.LDAPResultObjectClassViolation
	codeEntryExists    = ldap.LDAPResultEntryAlreadyExists
)

// Windows errors, as windowsCode returns them ([MS-ERREF] 2.2).
const (
	notSignedIn      = "/000004DC" // ERROR_NOT_AUTHENTICATED
	memberNotInGroup = "/00000561" // ERROR_MEMBER_NOT_IN_ALIAS
)

var (
	errLost    = errors.New("the connection ended before the answer")
	errTimeout = errors.New("no complete answer in time")
	errNoSense = errors.New("the answer makes no sense")
)

// resultOf returns the code that the server answered with. ok is false if there was no answer that makes sense.
func resultOf(err error) (code uint16, diagnosis string, ok bool) {
	var e *ldap.Error
	if !errors.As(err, &e) || e.ResultCode >= ldap.ErrorNetwork {
		return 0, "", false
	}
	if e.Err != nil {
		diagnosis = e.Err.Error()
	}
	return e.ResultCode, diagnosis, true
}

// hasResult reports whether the server answered with one of these codes.
func hasResult(err error, codes ...uint16) bool {
	got, _, ok := resultOf(err)
	for _, code := range codes {
		if ok && got == code {
			return true
		}
	}
	return false
}

// translate turns what a request came to into an error of this product. The server's own text is read but never shown: it
// names people.
func translate(op string, err error) *idp.Error {
	var known *idp.Error
	if errors.As(err, &known) {
		return known
	}
	if err == nil {
		return nil
	}
	code, diagnosis, ok := resultOf(err)
	if !ok {
		return &idp.Error{Kind: idp.Unavailable, Op: op, Err: cause(err)}
	}
	kind, advice := kindOf(code, diagnosis)
	text := strings.ToLower(ldap.LDAPResultCodeMap[code])
	if advice != "" {
		text = advice
	}
	return &idp.Error{Kind: kind, Op: op, Code: "LDAP " + strconv.Itoa(int(code)) + windowsCode(diagnosis), Err: errors.New(or(text, "unknown result"))}
}

// cause keeps what says nothing about people: the end of a context and our own words.
func cause(err error) error {
	for _, keep := range []error{idp.ErrGivenUp, context.Canceled, context.DeadlineExceeded, errTimeout, errNoSense} {
		if errors.Is(err, keep) {
			return keep
		}
	}
	return errLost
}

// kindOf sorts the result codes of RFC 4511, appendix A, by what the caller can do. advice replaces the code's name where more
// is known.
func kindOf(code uint16, diagnosis string) (kind idp.Kind, advice string) {
	switch code {
	case ldap.LDAPResultOperationsError:
		if windowsCode(diagnosis) == notSignedIn {
			return idp.Unauthorized, "the connection is not signed in"
		}
		return idp.Unavailable, ""
	case ldap.LDAPResultInvalidCredentials, ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultStrongAuthRequired,
		ldap.LDAPResultAuthMethodNotSupported, ldap.LDAPResultConfidentialityRequired, ldap.LDAPResultSaslBindInProgress:
		return idp.Unauthorized, bindAdvice(diagnosis)
	case ldap.LDAPResultInsufficientAccessRights, ldap.LDAPResultAuthorizationDenied:
		return idp.Forbidden, ""
	case ldap.LDAPResultReferral:
		return idp.Forbidden, "this server is read-only or not responsible and names another; referrals are not followed, so give the address of a writable server"
	case ldap.LDAPResultSizeLimitExceeded:
		return idp.Forbidden, "the server's size limit for this account cuts the list; it must be raised"
	case ldap.LDAPResultAdminLimitExceeded:
		return idp.Forbidden, "the server's limits for this account are too low; they must be raised, or an index is missing"
	case ldap.LDAPResultBusy:
		return idp.Throttled, ""
	case ldap.LDAPResultUnavailable, ldap.LDAPResultTimeLimitExceeded, ldap.LDAPResultOther, ldap.LDAPResultLoopDetect:
		return idp.Unavailable, ""
	case ldap.LDAPResultNoSuchObject:
		return idp.Forbidden, "a base DN is wrong, or the account may not read it"
	case ldap.LDAPResultUnwillingToPerform:
		return unwilling(diagnosis)
	case ldap.LDAPResultProtocolError, ldap.LDAPResultUnavailableCriticalExtension, ldap.LDAPResultUndefinedAttributeType,
		ldap.LDAPResultInappropriateMatching, ldap.LDAPResultConstraintViolation, ldap.LDAPResultInvalidAttributeSyntax,
		ldap.LDAPResultInvalidDNSyntax, ldap.LDAPResultNamingViolation, ldap.LDAPResultObjectClassViolation,
		ldap.LDAPResultEntryAlreadyExists, ldap.LDAPResultAffectsMultipleDSAs, ldap.LDAPResultNotAllowedOnNonLeaf:
		return idp.Invalid, ""
	default:
		return idp.Unavailable, "" // Nothing unknown is taken for a final answer.
	}
}

// unwilling tells maintenance from refusals. The words are slapd's.
func unwilling(diagnosis string) (idp.Kind, string) {
	switch {
	case strings.Contains(diagnosis, "shadow context"):
		return idp.Forbidden, "this server is a read-only copy; give the address of a writable server"
	case strings.Contains(diagnosis, "restricted"), strings.Contains(diagnosis, "read-only"):
		return idp.Unavailable, "the server is read-only at the moment"
	}
	return idp.Invalid, ""
}

// windowsCode returns the Windows error with which a domain controller's text begins, as "/0000052E", or nothing.
func windowsCode(diagnosis string) string {
	code, _, ok := strings.Cut(diagnosis, ":")
	if !ok || len(code) != 8 || strings.IndexFunc(code, func(r rune) bool { return r > 'f' || !isHex(byte(r)) }) >= 0 {
		return ""
	}
	return "/" + strings.ToUpper(code)
}

// bindAdvice reads why a domain controller refused to sign in: "..., data 52e, v2580" ([MS-ERREF] 2.2).
func bindAdvice(diagnosis string) string {
	_, rest, ok := strings.Cut(diagnosis, ", data ")
	if !ok {
		return ""
	}
	code, _, _ := strings.Cut(rest, ",")
	switch strings.ToLower(strings.TrimSpace(code)) {
	case "525":
		return "the account does not exist"
	case "52e":
		return "the password is wrong"
	case "530", "531":
		return "the account may not sign in at this time or from here"
	case "532":
		return "the password has expired"
	case "533":
		return "the account is disabled"
	case "701":
		return "the account has expired"
	case "773":
		return "the password must be changed first"
	case "775":
		return "the account is locked out"
	}
	return ""
}
