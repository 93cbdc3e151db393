package oktasim

import "net/http"

// failure is an error answer of the API. Codes and summaries are those of Okta's published error list.
type failure struct {
	status  int
	code    string
	summary string
	causes  []string
}

func failWith(status int, code, summary string, causes ...string) reply {
	return reply{fail: &failure{status: status, code: code, summary: summary, causes: causes}}
}

func invalid(object string, causes ...string) reply {
	return failWith(http.StatusBadRequest, "E0000001", "Api validation failed: "+object, causes...)
}

func notWellFormed() reply {
	return failWith(http.StatusBadRequest, "E0000003", "The request body was not well-formed.")
}

func noSession() reply {
	return failWith(http.StatusUnauthorized, "E0000005", "Invalid session")
}

func forbidden() reply {
	return failWith(http.StatusForbidden, "E0000006", "You do not have permission to perform the requested action")
}

// notFound names the id and its kind in the summary, as the API does ("User", "UserGroup", "GroupRule", "AppInstance").
func notFound(id, kind string) reply {
	return failWith(http.StatusNotFound, "E0000007", "Not found: Resource not found: "+id+" ("+kind+")")
}

func noSuchPath() reply {
	return failWith(http.StatusNotFound, "E0000008", "The requested path was not found")
}

func internalError() reply {
	return failWith(http.StatusInternalServerError, "E0000009", "Internal Server Error")
}

func readOnlyMode() reply {
	return failWith(http.StatusServiceUnavailable, "E0000010", "Service is in read only mode")
}

func invalidToken() reply {
	return failWith(http.StatusUnauthorized, "E0000011", "Invalid token provided")
}

func alreadyActive() reply {
	return failWith(http.StatusForbidden, "E0000016", "Activation failed because the user is already active")
}

func wrongMethod() reply {
	return failWith(http.StatusMethodNotAllowed, "E0000022", "The endpoint does not support the provided HTTP method")
}

func wrongContentType() reply {
	return failWith(http.StatusBadRequest, "E0000021",
		"Bad request.  Accept and/or Content-Type headers likely do not match supported values.")
}

func badSearch() reply {
	return failWith(http.StatusBadRequest, "E0000031", "Invalid search criteria.")
}

func wrongStatus() reply {
	return failWith(http.StatusForbidden, "E0000038", "This operation is not allowed in the user's current status.")
}

func badFilter(filter, why string) reply {
	return failWith(http.StatusBadRequest, "E0000053", "Invalid filter '"+filter+"': "+why)
}

func tooManyRequests() reply {
	return failWith(http.StatusTooManyRequests, "E0000047", "API call exceeded rate limit due to too many requests.")
}
