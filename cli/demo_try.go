package cli

// tryNext plays one request from the question to the end of the access. It takes the address of the page, and the name and
// the label of the directory. Its lines are run by a test as they stand.
const tryNext = `
The page is at %[1]s. The same company answers to a terminal, too. Paste these lines one after the
other; each shows what the person sees. First a request:

  C=%[1]s/_sandbox
  curl -s $C/people
  curl -s $C/do -d '{"who":"noor","do":"home"}'
  curl -s $C/do -d '{"who":"maya","do":"command","command":"/access","text":"github write"}'
  curl -s $C/do -d '{"who":"maya","do":"set","label":"Reason","value":"Fix the checkout"}'
  curl -s $C/do -d '{"who":"maya","do":"press","label":"Send request"}'
  curl -s $C/do -d '{"who":"maya","do":"close"}'
  curl -s "$C/screen?who=priya"
  curl -s $C/do -d '{"who":"priya","do":"press","label":"Approve"}'
  curl -s "$C/screen?who=maya"

Then time passes: the notice comes, %[3]s breaks, the end comes, %[3]s is mended.

  curl -s $C/clock -d '{"advance":"5h"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/faults -d '{"vendor":"%[2]s","name":"*","kind":"down"}'
  curl -s $C/clock -d '{"advance":"1h"}'
  curl -s $C/clock -d '{"advance":"1m"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/do -d '{"who":"noor","do":"home"}'
  curl -s -X DELETE $C/faults
  curl -s $C/clock -d '{"advance":"1m"}'
  curl -s "$C/screen?who=maya"
  curl -s $C/issue

And whatever happens, Usher can be restarted; nothing is lost:

  curl -s $C/usher -d '{"do":"restart"}'

All calls, faults and people: docs/sandbox.md. To run usher serve and usher doctor yourself: usher sandbox -settings DIR.
Stop with Ctrl-C.
`
