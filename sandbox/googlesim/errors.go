package googlesim

import (
	"fmt"
	"net/http"
)

// api says in which style an API answers.
type api string

const (
	apiAdmin    api = "admin"    // errors with domain and reason
	apiIdentity api = "identity" // errors with a status of google.rpc.Code
	apiOAuth    api = "oauth"    // errors of RFC 6749
)

type object = map[string]any

// adminError is an error as the Directory and Reports APIs write it.
func adminError(status int, reason, text string) reply {
	return reply{status: status, body: object{"error": object{
		"code": status, "message": text,
		"errors": []any{object{"message": text, "domain": "global", "reason": reason}},
	}}}
}

// identityError is an error as the Cloud Identity API writes it.
func identityError(status int, code, text string, details ...any) reply {
	e := object{"code": status, "message": text, "status": code}
	if len(details) > 0 {
		e["details"] = details
	}
	return reply{status: status, body: object{"error": e}}
}

// notFound does not tell more than the kind of key that is missing.
func notFound(key string) reply {
	return adminError(http.StatusNotFound, "notFound", "Resource Not Found: "+key)
}

func invalid(what string) reply {
	return adminError(http.StatusBadRequest, "invalid", "Invalid Input: "+what)
}

func required(what string) reply {
	return adminError(http.StatusBadRequest, "required", "Missing required field: "+what)
}

// conditionNotMet is seen where a rule of the group forbids the member; which rules answer so is unverified.
func conditionNotMet() reply {
	return adminError(http.StatusPreconditionFailed, "conditionNotMet", "Condition not met")
}

func unauthenticated(a api) reply {
	const text = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential."
	rep := identityError(http.StatusUnauthorized, "UNAUTHENTICATED", text)
	if a == apiAdmin {
		rep = adminError(http.StatusUnauthorized, "authError", "Invalid Credentials")
	}
	rep.header = http.Header{"Www-Authenticate": {`Bearer realm="https://accounts.google.com/", error="invalid_token"`}}
	return rep
}

func insufficientScope(a api) reply {
	const text = "Request had insufficient authentication scopes."
	info := object{
		"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com",
	}
	rep := identityError(http.StatusForbidden, "PERMISSION_DENIED", text, info)
	if a == apiAdmin {
		rep = adminError(http.StatusForbidden, "insufficientPermissions", "Insufficient Permission")
	}
	rep.header = http.Header{"Www-Authenticate": {`Bearer realm="https://accounts.google.com/", error="insufficient_scope"`}}
	return rep
}

func forbidden(a api) reply {
	if a == apiAdmin {
		return adminError(http.StatusForbidden, "forbidden", "Not Authorized to access this resource/api")
	}
	return identityError(http.StatusForbidden, "PERMISSION_DENIED", "The caller does not have permission")
}

// hidden is what the Cloud Identity API says of a resource that is not there or not the caller's.
func hidden(resource string) reply {
	text := fmt.Sprintf("Error(2028): Permission denied for resource %s (or it may not exist).", resource)
	return identityError(http.StatusForbidden, "PERMISSION_DENIED", text, object{
		"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceType": "cloudidentity.googleapis.com/Group",
		"resourceName": resource, "owner": "domain:cloudidentity.googleapis.com", "description": text,
	})
}

func badArgument(text string) reply {
	return identityError(http.StatusBadRequest, "INVALID_ARGUMENT", text)
}

func tooManyCalls(a api) reply {
	if a == apiAdmin {
		return adminError(http.StatusForbidden, "userRateLimitExceeded", "User Rate Limit Exceeded")
	}
	return identityError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'.")
}

func tooConcurrent(a api) reply {
	if a == apiAdmin {
		return adminError(http.StatusForbidden, "quotaExceeded", "Quota exceeded")
	}
	return identityError(http.StatusTooManyRequests, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota).")
}

func backendError(a api) reply {
	if a == apiAdmin {
		return adminError(http.StatusInternalServerError, "backendError", "Backend Error")
	}
	return identityError(http.StatusInternalServerError, "INTERNAL", "Internal error encountered.")
}

func unavailable(a api) reply {
	if a == apiAdmin {
		return adminError(http.StatusServiceUnavailable, "backendError", "Service unavailable. Please try again")
	}
	return identityError(http.StatusServiceUnavailable, "UNAVAILABLE", "The service is currently unavailable.")
}

// oauthError has the shape of RFC 6749.
func oauthError(status int, code, text string) reply {
	return reply{status: status, body: object{"error": code, "error_description": text}}
}
