package google

// Scopes, one for each thing that is done. An access token holds a single one of them: a scope that the company has not
// delegated then takes away its own use and nothing else.
const (
	scopeMembers      = "https://www.googleapis.com/auth/admin.directory.group.member"
	scopeGroups       = "https://www.googleapis.com/auth/admin.directory.group.readonly"
	scopeUsers        = "https://www.googleapis.com/auth/admin.directory.user.readonly"
	scopeLabels       = "https://www.googleapis.com/auth/cloud-identity.groups.readonly"
	scopeRoles        = "https://www.googleapis.com/auth/admin.directory.rolemanagement.readonly"
	scopeReports      = "https://www.googleapis.com/auth/admin.reports.audit.readonly"
	scopeSessions     = "https://www.googleapis.com/auth/admin.directory.user.security"
	scopeExpiry       = "https://www.googleapis.com/auth/cloud-identity.groups"
	scopeCloud        = "https://www.googleapis.com/auth/cloud-platform" // for signing in the name of a service account
	scopePrefix       = "https://www.googleapis.com/auth/"
	grantJWT          = "urn:ietf:params:oauth:grant-type:jwt-bearer"
	assertionLifetime = 5 * 60 // seconds; Google allows an hour
)
