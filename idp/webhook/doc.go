// Package webhook is the identity provider for apps that speak no standard: whoever runs the app writes a small receiver, and
// Usher sends it signed requests. The whole protocol is below; receiver_test.go holds a receiver of some 40 lines.
//
// It follows no redirect, sends nothing to another host, and takes nothing but the receiver's explicit word for a success.
//
// # Requests
//
// All requests go below one configured address, with JSON bodies in UTF-8. Segments of paths are percent-encoded.
//
//	POST /changes                        {"action":"add","group":"g1","user":"u1"}; or "remove"
//	GET  /groups/{group}/members/{user}  {"member":true}
//	GET  /groups/{group}                 {"id":"g1","name":"Admins"}; "description" and "refusal" may follow
//	GET  /users/{user}                   {"id":"u1","email":"ada@example.com","status":"active"}; see below
//
// These four a receiver must answer. It must answer the next one too if Usher finds people by their addresses (the setting
// identity.match_email), and not if all accounts are named in the settings (identity.accounts):
//
//	GET  /users?email=ada@example.com    {"users":[...]}: everybody with this address, letter case aside
//
// The last three it may refuse, with status 501. Usher needs the first only of the provider that knows the people (the
// setting directory), and the second never. Without the third there is no discovery; groups are then named in the catalog by
// their ids.
//
//	GET  /users/{user}/groups            {"groups":[...]}
//	GET  /groups/{group}/members         {"members":[...]}: users, at least with their ids
//	GET  /groups                         {"groups":[...]}
//
// All four lists may come in pages: {"next":"abc"} means that there is more at the same address with after=abc.
//
// A user has an id, which never changes and is no e-mail address, and a status: active, inactive (exists, cannot sign in at the
// moment) or departed. The fields email, login, name, title and department may be left out. The refusal of a group is one
// sentence that says why Usher must not change it.
//
// # Changes
//
// A change says what shall be, so it may be done again: adding a member and removing nobody are successes. The answer is
//
//	200 {"status":"done"}     it is done, and the next read shows it
//	202 {"status":"pending"}  it will be done; Location says where to ask
//
// At the Location, which must be on the same host, a GET is answered by 200 and {"status":"pending"}, {"status":"done"} or
// {"status":"failed","error":"..."} as below. Retry-After says when to ask again. Without a Location the receiver calls back, if
// that was agreed: it posts {"change":"<webhook-id of the change>","status":"done"} to Usher, signed in the same way with the
// secret of callbacks. Usher waits a moment for either; later it looks at the membership itself.
//
// Any other answer, such as 200 with another body, means to Usher that nobody knows whether the change was made.
//
// # Refusals
//
// A refusal is a status of 400 or more with {"error":"...","reason":"One sentence for people."}:
//
//	404 user_not_found, group_not_found   no such user or group (any more)
//	403 not_governable                    this group must not be changed, for this reason
//	403 forbidden                         Usher may not do this
//	409 user_not_allowed                  not this user, for this reason
//	400 invalid                           anything else that will not become right by repeating it
//	401 unauthorized                      the signature is wrong, or too old
//	429, 503 with Retry-After             later
//	501                                   not this kind of request; the body does not matter
//
// # Signatures
//
// They are those of the Standard Webhooks specification, for which there are libraries in most languages:
//
//	webhook-id         of a change: its idempotency key, the same whenever the change is sent again
//	webhook-timestamp  seconds since 1970; refuse what is more than five minutes old or ahead
//	webhook-signature  "v1," and the base64 of HMAC-SHA256 over webhook-id "." webhook-timestamp "." body
//
// The key is what follows "whsec_" in the secret, base64-decoded. While a secret is replaced by another there are two
// signatures with a space between; one right one is enough. After a restart of Usher a change may come again with another id.
//
// The webhook-id of a GET is "read_" and the first 32 hexadecimal digits of the SHA-256 of "GET " and path and query as sent, so
// that the signature says what is asked. A careful receiver compares it.
package webhook
