package webhook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http/httptest"
	"strings"

	"usher/idp/rest"
	"usher/idp/webhook"
)

// Example puts Ada into a group of an app and takes her out again.
func Example() {
	key := []byte(strings.Repeat("k", 32))
	app := httptest.NewServer(&Receiver{
		Key: key, Users: map[string]string{"u1": "ada@example.com"}, Members: map[string]map[string]bool{"admins": {}},
	})
	defer app.Close()
	p, err := webhook.New(webhook.Config{
		URL: app.URL, Secret: rest.Secret("whsec_" + base64.StdEncoding.EncodeToString(key)), InsecureHTTP: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	ctx := context.Background()
	ada, err := p.FindUser(ctx, "Ada@example.com")
	fmt.Println(ada.ID, err)
	fmt.Println(p.AddMember(ctx, "admins", ada.ID))
	fmt.Println(p.IsMember(ctx, "admins", ada.ID))
	fmt.Println(p.RemoveMember(ctx, "admins", ada.ID))
	fmt.Println(p.IsMember(ctx, "admins", ada.ID))
	fmt.Println(p.AddMember(ctx, "owners", ada.ID))
	for _, f := range p.Check(ctx) {
		fmt.Println(f.Subject, f.OK)
	}
	// Output:
	// u1 <nil>
	// <nil>
	// true <nil>
	// <nil>
	// false <nil>
	// add member: group_not_found (group_not_found): the receiver says so
	// signature true
	// forged signature true
	// clock true
}
