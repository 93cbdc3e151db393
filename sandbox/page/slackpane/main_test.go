package slackpane_test

import (
	"testing"

	"go.uber.org/goleak"

	"usher/sandbox/page/browser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(browser.Tests(m)) }
