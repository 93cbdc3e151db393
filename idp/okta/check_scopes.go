package okta

import (
	"context"
	"slices"
	"strings"

	"usher/idp"
)

// optionalScopes are asked for by default and can be done without: what there is not then.
func optionalScopes() map[string]string {
	return map[string]string{"okta.logs.read": "last use of apps", "okta.roles.read": "warning of groups that hold an admin role"}
}

// checkServiceApp compares what is granted to the service app with what is asked for and needed. Okta refuses to sign in an app
// that asks for a scope too many, so after a refusal each is asked for alone.
// It also tells whether the app may sign in.
func (p *Provider) checkServiceApp(ctx context.Context) ([]idp.Finding, bool) {
	const credentials = "credentials"
	auth, ok := p.wire.auth.(*keyAuth)
	if !ok {
		return nil, true
	}
	_, err := p.do(ctx, call{op: "check sign-in", bucket: bucketGroups}, p.oneGroup)
	granted, refused := auth.scopesGranted(), []string(nil)
	if idp.KindOf(err) == idp.Forbidden && len(granted) == 0 {
		granted, refused, err = auth.tryEach(ctx)
	}
	if err != nil && idp.KindOf(err) != idp.Forbidden {
		return []idp.Finding{finding(credentials, err, "", "Compare client id, key id and private key with the service app in the Okta admin console.")}, false
	}
	if len(refused) > 0 {
		return []idp.Finding{refusedScopes(refused)}, false
	}
	signedIn := idp.Finding{Subject: credentials, OK: true, Detail: "The service app signs in with its key."}
	return []idp.Finding{signedIn, judgeManage(slices.Contains(granted, scopeManage)), judgeScopes(granted)}, true
}

// refusedScopes says which scopes keep Okta from signing the app in.
func refusedScopes(refused []string) idp.Finding {
	f := idp.Finding{
		Subject: "credentials", Fix: "Grant them " + whereScopes,
		Detail: "The key is right, but Okta signs nobody in who asks for a scope too many, and these are not granted: " + strings.Join(refused, ", ") + ".",
	}
	if optional := optionalScopes(); !slices.ContainsFunc(refused, func(s string) bool { return optional[s] == "" }) {
		f.Fix += ", or name the others under okta.scopes in the settings: these can be done without"
	}
	f.Fix += "."
	return f
}

const whereScopes = "under Okta API Scopes of the service app"

func judgeManage(granted bool) idp.Finding {
	f := idp.Finding{Subject: "right to change members", OK: granted}
	if granted {
		f.Detail = "Scope " + scopeManage + " is granted; whether the app's admin role covers the governed groups cannot be judged without changing something."
	} else {
		f.Detail, f.Fix = "Scope "+scopeManage+" is missing.", "Grant the service app the scope "+scopeManage+" and an admin role."
	}
	return f
}

// judgeScopes says nothing of the scopes that can be done without: what there is not then shows in the reads that follow.
func judgeScopes(granted []string) idp.Finding {
	const subject = "scopes"
	var lacking []string
	for _, scope := range neededScopes() {
		if optionalScopes()[scope] == "" && !slices.Contains(granted, scope) {
			lacking = append(lacking, scope)
		}
	}
	if len(lacking) > 0 {
		return idp.Finding{Subject: subject, Detail: "Not granted: " + strings.Join(lacking, ", ") + ".", Fix: "Grant them " + whereScopes + ", and see that okta.scopes in the settings, if it is there, names them."}
	}
	return idp.Finding{Subject: subject, OK: true, Detail: "All needed scopes are granted."}
}

// tryEach signs in once for each scope, and sorts them by Okta's answer.
func (k *keyAuth) tryEach(ctx context.Context) (granted, refused []string, err error) {
	for _, scope := range k.scopes {
		alone := &keyAuth{
			base: k.base, clientID: k.clientID, keyID: k.keyID, key: k.key, scopes: []string{scope}, userAgent: k.userAgent, now: k.now, next: k.next,
		}
		switch err := alone.fetch(ctx); {
		case err == nil:
			granted = append(granted, scope)
		case idp.KindOf(err) == idp.Forbidden:
			refused = append(refused, scope)
		default:
			return nil, nil, err
		}
	}
	return granted, refused, nil
}
