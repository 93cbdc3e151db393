package cli

import (
	"fmt"
	"testing"
)

// BenchmarkPage measures in the browser: how long after its address was entered the page is painted, and how long after a
// click its outcome is on the page, through bot, core, database and the simulated vendors.
func BenchmarkPage(b *testing.B) {
	for b.Loop() {
		v := visit(b, 1440, 900)
		v.slack.See("Request access")
		var paint float64
		v.Eval(`performance.getEntriesByName('first-contentful-paint')[0].startTime`, &paint)
		b.ReportMetric(paint, "first-paint-ms")
		v.requests("github write", "GitHub: Write", "1 day", "Fix the checkout")
		v.become("Priya Nair", "Engineering Manager", "Messages")
		v.slack.See("Fix the checkout")
		b.ReportMetric(v.until("#slack button[data-action=approve]", "#slack", "Approved by Priya Nair"), "approve-ms")
		v.okta.See("Maya Chen added to github-write")
		b.ReportMetric(v.until("#bar [data-advance='24h']", "#directory", "Maya Chen removed from github-write"), "removed-ms")
		b.ReportMetric(v.until("#directory [data-group='00g1githubwrite']", "#directory", "Add by hand"), "group-ms")
	}
}

// until clicks, and tells in how many milliseconds the words are there.
func (v *visitor) until(button, place, words string) float64 {
	var took float64
	v.Eval(fmt.Sprintf(`new Promise((done) => {
		const place = document.querySelector(%q), start = performance.now();
		const look = () => place.innerText.includes(%q) && done(performance.now() - start);
		new MutationObserver(look).observe(place, {subtree: true, childList: true, characterData: true});
		document.querySelector(%q).click();
	})`, place, words, button), &took)
	return took
}
