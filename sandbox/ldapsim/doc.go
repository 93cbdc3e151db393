// Package ldapsim is a company's LDAP directory: the real slapd of OpenLDAP, started as a child process with people and groups
// in it, behind a relay that keeps a log of the requests and lets them go wrong on demand. It knows nothing of the clients that
// it serves, and it never answers in slapd's place but with a fault that somebody asked for.
package ldapsim
