package graphsim

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// failure is an error in Graph's own form, or in that of the token endpoint.
type failure struct {
	status  int
	code    string
	message string
	login   bool // the token endpoint speaks OAuth
}

func (f *failure) body(requestID, clientRequestID string, now time.Time) any {
	if f.login {
		return map[string]any{
			"error": f.code, "error_description": f.message + " Trace ID: " + requestID + " Correlation ID: " + clientRequestID +
				" Timestamp: " + now.Format("2006-01-02 15:04:05Z"),
			"error_codes": []any{loginNumber(f.message)}, "timestamp": now.Format("2006-01-02 15:04:05Z"),
			"trace_id": requestID, "correlation_id": clientRequestID,
			"error_uri": fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", loginNumber(f.message)),
		}
	}
	return map[string]any{"error": map[string]any{
		"code": f.code, "message": f.message,
		"innerError": map[string]any{"date": now.Format("2006-01-02T15:04:05"), "request-id": requestID, "client-request-id": clientRequestID},
	}}
}

func refuse(status int, code, message string) reply {
	return reply{fail: &failure{status: status, code: code, message: message}}
}

func badRequest(message string) reply {
	return refuse(http.StatusBadRequest, "Request_BadRequest", message)
}

func unsupportedQuery(message string) reply {
	return refuse(http.StatusBadRequest, "Request_UnsupportedQuery", message)
}

func parseError(message string) reply { return refuse(http.StatusBadRequest, "BadRequest", message) }

func notFound(id string) reply {
	return refuse(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

func requestDenied() reply {
	return refuse(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

func notPremium() reply {
	return refuse(http.StatusForbidden, "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
		"Neither tenant is B2C or tenant doesn't have premium license")
}

func onPremises() reply {
	return badRequest("Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.")
}

func mailReadOnly() reply {
	return badRequest("Cannot Update a mail-enabled security groups and or distribution list.")
}

func unauthorized(message string) reply {
	rep := refuse(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
	rep.header = http.Header{"Www-Authenticate": {`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`}}
	return rep
}

func noSuchSegment(parts []string) reply {
	name := strings.Join(parts, "/")
	if len(parts) > 1 {
		name = parts[1]
	}
	return parseError("Resource not found for the segment '" + name + "'.")
}

func wrongMethod() reply {
	return refuse(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

func internalError() reply {
	return refuse(http.StatusInternalServerError, "InternalServerError", "An unexpected error occurred.")
}

func unavailable() reply {
	rep := refuse(http.StatusServiceUnavailable, "ServiceUnavailable", "The service is temporarily unavailable for maintenance.")
	rep.header = http.Header{"Retry-After": {"10"}}
	return rep
}

// loginError is an answer of the token endpoint.
func loginError(status int, code, message string) reply {
	return reply{fail: &failure{status: status, code: code, message: message, login: true}}
}

// loginNumber reads 7000215 from "AADSTS7000215: ...".
func loginNumber(message string) int {
	n := 0
	for _, r := range strings.TrimPrefix(message, "AADSTS") {
		if r < '0' || r > '9' {
			break
		}
		n = 10*n + int(r-'0')
	}
	return n
}
