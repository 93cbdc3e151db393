package okta

import (
	"reflect"
	"runtime"

	sdk "github.com/okta/okta-sdk-golang/v5/okta"
)

// stopJanitor ends the goroutine that the SDK starts in every client to clean a cache of access tokens. Usher never uses
// that cache, the SDK offers no way to end the goroutine, and it would hold every test in virtual time for ever.
//
// It reaches through hidden fields. If they look different in another version of the SDK it does nothing, and the goroutine
// lives on until the client is garbage, as the SDK means it to; the leak check of this package's tests tells.
func stopJanitor(client *sdk.APIClient) {
	cache := reflect.ValueOf(client).Elem().FieldByName("tokenCache")
	if cache.Kind() != reflect.Pointer || cache.IsNil() || cache.Elem().Kind() != reflect.Struct || cache.Elem().NumField() != 1 {
		return
	}
	janitor := cache.Elem().Field(0)
	for _, name := range []string{"janitor", "stop"} {
		if janitor.Kind() != reflect.Pointer || janitor.IsNil() || janitor.Elem().Kind() != reflect.Struct {
			return
		}
		janitor = janitor.Elem().FieldByName(name)
	}
	if !janitor.IsValid() || !janitor.CanAddr() {
		return
	}
	stop, ok := reflect.NewAt(janitor.Type(), janitor.Addr().UnsafePointer()).Interface().(*chan bool)
	if !ok || *stop == nil {
		return
	}
	// The cache's finalizer would send a second time, with nobody to receive.
	runtime.SetFinalizer(reflect.NewAt(cache.Type().Elem(), cache.UnsafePointer()).Interface(), nil)
	*stop <- true
}
