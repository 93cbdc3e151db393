package webhook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"usher/idp"
	"usher/idp/rest"
	"usher/idp/webhook"
)

// Example puts Ada into a group of an app and takes her out again.
func Example() {
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	verifier, err := standard.NewWebhook(secret)
	if err != nil {
		fmt.Println(err)
		return
	}
	app := httptest.NewServer(&Receiver{
		Secret: verifier, Users: map[string]string{"u1": "ada@example.com"}, Members: map[string]map[string]bool{"admins": {}},
	})
	defer app.Close()
	p, err := webhook.New(webhook.Config{URL: app.URL, Secret: rest.Secret(secret), InsecureHTTP: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	ctx := context.Background()
	ada, err := p.FindUser(ctx, "Ada@example.com")
	fmt.Println(ada.ID, err)
	ada, err = p.User(ctx, "u1") // As when identity.accounts names her account.
	fmt.Println(ada.Email, err)
	_, err = p.User(ctx, "u2")
	fmt.Println(err)
	fmt.Println(p.AddMember(ctx, "admins", ada.ID))
	fmt.Println(p.IsMember(ctx, "admins", ada.ID))
	fmt.Println(p.RemoveMember(ctx, "admins", ada.ID))
	fmt.Println(p.IsMember(ctx, "admins", ada.ID))
	fmt.Println(p.AddMember(ctx, "owners", ada.ID))
	fmt.Println(p.Discover(ctx, func(idp.Discovered) error { return nil }))
	for _, f := range p.Check(ctx) {
		fmt.Println(f.Subject, f.OK)
	}
	// Output:
	// u1 <nil>
	// ada@example.com <nil>
	// read user: user_not_found (user_not_found): the receiver says so
	// <nil>
	// true <nil>
	// <nil>
	// false <nil>
	// add member: group_not_found (group_not_found): the receiver says so
	// discover groups: invalid (HTTP 501): groups are not listed: name them in the catalog by the ids that the app has for them
	// signature true
	// users true
	// forged signature true
	// clock true
}
