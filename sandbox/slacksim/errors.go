package slacksim

import (
	"errors"
	"fmt"
)

// ErrClosed says that the server was closed while somebody waited.
var ErrClosed = errors.New("slacksim: server closed")

// UserError is what Slack itself shows a person when the app let them down, or when Slack would not let them.
type UserError struct {
	Code string // such as operation_timeout, dispatch_failed, trouble_connecting
	Text string // the sentence on the screen
}

func (e *UserError) Error() string { return e.Code + ": " + e.Text }

// NotThereError says that a person was told to use something that is not on the screen: a mistake of the caller, not of the app.
type NotThereError struct {
	What string
}

func (e *NotThereError) Error() string { return "not on the screen: " + e.What }

func notThere(format string, args ...any) error {
	return &NotThereError{What: fmt.Sprintf(format, args...)}
}

func troubleConnecting() error {
	return &UserError{Code: "trouble_connecting", Text: "We had some trouble connecting. Try again?"}
}
