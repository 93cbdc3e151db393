package store

// dictionary is what the compression of parcels knows beforehand: the keys of requests, grants and events and the sentences
// that most of them hold, the most frequent last. It belongs to parcelFormat 1 and must never change by a byte, or nothing
// that was sealed could be read. A better one gets a new format.
const dictionary = `"trouble.met""trouble.over""request.step_approved""request.denied","text":" denied: ` +
	`"request.canceled","text":" canceled the request."The access that this would extend is ending, so the request is closed.` +
	`"request.expired","text":"The request expired: nobody decided before "grant.failed","text":"Access was not given: ` +
	`"grant.extended","text":"Access is extended until "extension":"membership.kept","text":"Left the membership of ` +
	` in place: another grant still needs it.it was there before Usher.` +
	` was a member of  before; Usher will not remove that membership.Issues cannot be opened at the moment.` +
	`"end_note":"","extensions":1,"extending":"","trouble":"","failure":"","preexisting":true,"extended":true,` +
	`"kind":"extension","state":"denied""state":"canceled""state":"expired","elevated":true,"because":"` +
	`"risk":"high","risk":"critical","risk":"medium","verdict":"deny","reason":"","state":"failed""phase":"kept"` +
	`"kind":"owner"},{"kind":"group","group":"{"kind":"users","users":[""kind":"role","quorum":2}` +
	` approved;  of  needed in this step. approved step 1 of 2. revoked the access: "revoked",Access has ended: revoked by ` +
	`The account of  is not active any more; Usher is removing the access."offboarded"` +
	`Access has ended: the account is not active any more."reason":"offboarded"},"late":"1.` +
	`"key":"home/","Viewed","title":"","department":"","policy approved by itself 30 minutes 1 hour 2 hours 4 hours 12 hours` +
	` 1 day 2 days 3 days 7 days 14 days 30 days 90 days no end "duration":7200000000000"duration":14400000000000` +
	`"duration":86400000000000"duration":604800000000000"duration":0,"Jan 2027 Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec 2026 ` +
	// A request.
	`{"id":"06","kind":"access","key":"","state":"approved","requester":{"user":"00u","slack":"U0","account":"","email":"` +
	`@example.com","name":""},"subject":{"user":"00u","slack":"U0","email":"","name":""},"title":"","department":"",` +
	`"role":{"app":"","app_name":"","entitlement":"","entitlement_name":"","description":"","groups":[{"provider":"okta",` +
	`"id":"00g"}],"risk":"low","owners":[""],"notice":3600000000000},"duration":28800000000000,"justification":"",` +
	`"policy":{"version":"","rule":"default for low risk, rule 1","because":"","steps":[{"approvers":[{"kind":"manager"}],` +
	`"quorum":1}]},"step":0,"decisions":[{"step":0,"by":{"user":"00u","slack":"U0","email":"","name":""},"verdict":"approve",` +
	`"at":"2027-","origin":{"envelope":"","message":{"channel":"D0","ts":"17"},"home":true}}],"asks":[{"step":0,"approver":{` +
	`"user":"","slack":"U0","email":"","name":""},"message":{"channel":"D0","ts":"18"}}],"issue":{"id":"10","key":"ACCESS-",` +
	`"url":"https://.atlassian.net/browse/ACCESS-"},"mirrored":10,"status":{"channel":"D0","ts":"17"},"grant":"06",` +
	`"created_at":"2027-","decided_at":"2027-","deadline":"2027-","wishes":14,"unmirrored":10,"events":10,"head":"` +
	// A grant.
	`{"id":"06","request":"06","state":"ended","subject":{"user":"00u","slack":"U0","email":"","name":""},"role":{"app":"",` +
	`"groups":[{"group":{"provider":"okta","id":"00g"},"phase":"gone"}],"duration":28800000000000,"started_at":"2026-",` +
	`"due_at":"2026-","revoking_at":"2026-","ended_at":"2026-","end_reason":"expired","ended_by":{"user":"00u"}` +
	`,"notice":{"channel":"D0","ts":"17"}}` +
	// Its events.
	"\n" + `"at":"2026-0","kind":"request.created","actor":{"user":"00u","slack":"U0","email":"","name":""},"text":" asked for ` +
	`, 8 hours. Reason given: ","facts":{"catalog":"","duration":"8 hours","entitlement":"","justification":"","kind":"access",` +
	`"rule":"default for low risk, rule 1"}` + "\n" + `"at":"2026-1","kind":"issue.opened","text":"Issue ACCESS- holds the record.",` +
	`"facts":{"issue":"ACCESS-"}` + "\n" + `"at":"2026-1","kind":"request.approved","text":"Approved by the policy (",` +
	`"kind":"request.approved","actor":{"user":"00u","slack":"U0","email":"","name":""},"text":" approved.","facts":{"catalog":"",` +
	`"envelope":"","message":"17","reason":"","slack":"U0","step":"1","user":"00u"}` + "\n" +
	`"at":"2027-0","kind":"grant.provisioning","text":"Usher is giving access."` + "\n" +
	`"at":"2027-0","kind":"membership.inspected","text":"Read okta:00g before the change.","facts":{"group":"okta:00g",` +
	`"member":"false","status":"ACTIVE"}` + "\n" + `"at":"2027-0","kind":"membership.added","text":"Added  to okta:00g` +
	` and read the membership back.","facts":{"group":"okta:00g"}` + "\n" + `"at":"2027-1","kind":"grant.active",` +
	`"text":"Access is active until  2027 18:00 UTC.","facts":{"due":"2027-1T18:00:00Z"}` + "\n" +
	`"at":"2027-1","kind":"grant.revoking","actor":{"user":"00u"},"text":" gave the access back; Usher is removing it.",` +
	`"facts":{"note":"","reason":"released"}` + "\n" + `"text":"The time is up; Usher is removing the access.","facts":{"note":"",` +
	`"reason":"expired"}` + "\n" + `"at":"2027-1","kind":"membership.removed","text":"Removed  from okta:00g and read the absence back.",` +
	`"facts":{"group":"okta:00g"}` + "\n" + `"at":"2027-1","kind":"grant.ended","text":"Access has ended: given back by .",` +
	`"text":"Access has ended: its time was up (on time).","facts":{"late":"0s","reason":"expired"}` + "\n"
