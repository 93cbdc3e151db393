// Package browser lets tests use a page in headless Chromium as a newcomer would: by the words that are seen or heard, with
// a real mouse and real keys. It notices every error of the console, failed request and layout shift on the way.
//
// It is imported by tests alone, never sleeps for a fixed time, and never talks to anything but Chromium and, once, npm.
//
//	func TestMain(m *testing.M) { os.Exit(browser.Tests(m).Run()) }
//
//	func TestAsking(t *testing.T) {
//		tab := browser.Open(t, 1440, 900)
//		tab.Go(address)
//		slack := tab.In("#slack")
//		slack.Click("Request access")
//		slack.In("[role=dialog]").Type("Reason", "Fix the checkout bug")
//		tab.Press("Tab", "Enter")
//		slack.See("Your request was filed")
//		tab.Accessible()
//	}
package browser
