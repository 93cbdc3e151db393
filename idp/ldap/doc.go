// Package ldap is the identity provider adapter for LDAP directories: OpenLDAP and its like, and Active Directory. It
// offers one directory, or one domain, as an idp.Provider.
//
// It never takes a name for an id, never replaces a list of members, never follows a referral, never sends the credentials
// over a connection that is not encrypted, and never changes anything but one value of a group's list of members.
//
// # Ids
//
// People and groups are known by entryUUID (RFC 4530) or objectGUID, which survive renaming and moving. A group lists its
// members by their distinguished names, so every change begins with one search by both ids, which finds the present names and
// judges the group as it is now; nothing of it is remembered. The change itself adds or deletes exactly one value. A group that
// is renamed between the two steps is looked up again. OpenLDAP takes the name of a person without asking whether there still
// is one, so for a renaming in these milliseconds the reading back, which looks both up anew, tells the truth.
//
// The directory itself must keep the lists right when a person is renamed or deleted. Active Directory does; OpenLDAP does
// with the overlay refint, and without it a list keeps the old name, which whoever gets that name next would inherit.
//
// # Lists
//
// memberOf is not asked: OpenLDAP's overlay fills it only for changes that it has seen, and Active Directory leaves the
// primary group out. Members reads the group's own values, whole or range by range, then the people behind them; UserGroups
// asks which groups list the person. Nested groups, and members outside Config.UserBase, are not people here. A limit of the
// server that cuts an answer short is an error. In Active Directory one provider is one domain: members from other domains
// and groups of other domains are not seen.
//
// # Groups that must not be empty
//
// groupOfNames and groupOfUniqueNames must have a member. When the last one is taken out, Config.Placeholder takes the
// place in the same change. It stays there and is never listed; adding and removing it is refused.
//
// # What was tested against what
//
// The schema OpenLDAP was tested against slapd 2.5 with the overlays refint and memberof, over LDAPS, StartTLS and plain, with
// a password and with a client certificate. The schema ActiveDirectory was tested against slapd with the schema file for
// Active Directory that comes with OpenLDAP, behind a proxy that acts as a domain controller in what slapd does not do: ranges
// of values, the rootDSE, filters on distinguishedName, and the result codes of repeated changes. The codes, bits and well-known ids
// follow Microsoft's open specifications [MS-ADTS] and [MS-DTYP]. No real domain controller has seen it yet.
package ldap
