# Turns the output of the benchmarks into one table of goals.
function value(unit,   i) { for (i = 3; i < NF; i++) if ($(i + 1) == unit) return $i; return "" }
function goal(name, what, got, limit, least,   met) {
	if (got == "") return
	seen[name] = 1
	met = least ? got + 0 >= limit : got + 0 <= limit
	row(name, sprintf("%-4s %-58s %12.4g  %s %-8.4g %s", name, what, got, least ? ">=" : "<=", limit, met ? "met" : "MISSED"))
}
# ratio prints what is measured against the bare work in the same run; no goal was set for it.
function ratio(name, what, got) { if (got != "") row(name, sprintf("%-4s %-58s %12.4g", name, what, got)) }
# row keeps a line of the table, which is printed in the order of the goals.
function row(name, line) { rows[name] = rows[name] line "\n" }
BEGIN { printf "%-4s %-58s %12s  %-11s %s\n", "goal", "what", "measured", "wanted", "" }
/^machine: / { print }
/^BenchmarkClickAlone\/bot/ {
	goal("G1", "click alone, envelope until acknowledged, p50, ms", value("click-p50-ms"), 1)
	ratio("G1", "  / two writes with an fdatasync each, p50", value("click-p50/raw"))
}
/^BenchmarkClickAlone\/core/ {
	ratio("G1", "  the core alone, decision until durable, p50, ms", value("click-p50-ms"))
	ratio("G1", "  the same / two writes with an fdatasync each, p50", value("click-p50/raw"))
}
/^BenchmarkLifeCycles\/bot/ {
	goal("G1", "click under full load, until acknowledged, p50, ms", value("click-p50-ms"), 5)
	goal("G1", "click under full load, until acknowledged, p99, ms", value("click-p99-ms"), 20)
	ratio("G1", "  p50 / two writes with an fdatasync each", value("click-p50/raw"))
	goal("G2", "whole life cycles per second, by bot and all adapters", value("lives/s"), 1500, 1)
	ratio("G2", "  / the same calls to Okta by workers who keep nothing", value("lives/floor"))
	ratio("G2", "  which do so many lives per second", value("floor-lives/s"))
	ratio("G2", "  calls of a life to Okta", value("okta-calls/life"))
	ratio("G2", "  calls of a life to Jira", value("jira-calls/life"))
	goal("G2", "processor time per life cycle, stubs included, ms", value("cpu-ms/life"), 0.9)
}
/^BenchmarkLifeCycles\/core/ {
	ratio("G2", "  the core alone: life cycles per second", value("lives/s"))
	ratio("G2", "  the core alone: processor time per life cycle, ms", value("cpu-ms/life"))
	ratio("G1", "  the core alone: click under full load, p50, ms", value("click-p50-ms"))
	ratio("G1", "  the core alone: click under full load, p99, ms", value("click-p99-ms"))
}
/^BenchmarkStorm\/bot/ {
	goal("G3", "storm: p99 lateness / time of the calls alone", value("late-p99/floor"), 1.10)
	goal("G3", "storm: all recorded / time of the calls alone", value("recorded/floor"), 1.2)
}
/^BenchmarkStorm\/core/ {
	ratio("G3", "  the core alone: p99 lateness / time of the calls alone", value("late-p99/floor"))
	ratio("G3", "  the core alone: all recorded / the same", value("recorded/floor"))
}
/^BenchmarkSingleExpiry\/bot/ {
	goal("G4", "single expiry: first byte of the removal, p99, ms late", value("late-p99-ms"), 10)
	ratio("G4", "  / a bare timer and the same call, p99", value("late-p99/bare"))
	ratio("G4", "  the same, p50", value("late-p50/bare"))
}
/^BenchmarkSingleExpiry\/core/ {
	ratio("G4", "  the core alone: first byte of the removal, p99, ms", value("late-p99-ms"))
	ratio("G4", "  the core alone: / a bare timer and the same call, p50", value("late-p50/bare"))
}
/^BenchmarkDrain/ {
	split($1, name, "/")
	goal("G5", "drain, " name[2] ": share of the window used", value("of-ideal"), 0.98, 1)
	goal("G5", "drain, " name[2] ": 429 of our making", value("429s"), 0)
}
/^--- PASS: TestAtRest/ { goal("G6", "calls at rest in a day", 0, 0) }
/calls while nothing was due/ { split($0, part, ": "); goal("G6", "calls at rest in a day", part[2], 0) }
/life of an approver who thinks for/ {
	split($0, part, "thinks for "); split(part[2], n, /: | calls, at most /)
	goal("G7", "calls of a life whose approver thinks for " n[1], n[2], 14)
}
/^BenchmarkIdle/ {
	goal("G8", "idle with 100,000 timers: percent of a core", value("cpu-percent"), 0.1)
	goal("G8", "idle with 100,000 timers: anonymous memory, MB", value("anon-MB"), 60)
	ratio("G8", "  memory / an empty process with as many timers", value("anon/bare"))
	ratio("G8", "  percent of a core / the same", value("cpu/bare"))
}
/^BenchmarkRestart/ {
	goal("G9", "restart to first sweep, 1,000,000 grants, cold, s", value("cold-ms") / 1000, 1)
	ratio("G9", "  / reading the file once", value("cold/read"))
	ratio("G9", "  warm, ms", value("warm-ms"))
}
/^BenchmarkLarge\/OpenCold/ {
	goal("G9", "open and first due timer, cold, ms", value("ms/open") + value("ms/first_due"), 1000)
	ratio("G9", "  / bbolt alone opens the file and seeks, cold", value("x_bare"))
}
/^BenchmarkLifecycleBytes.*seal=true/ {
	goal("G10", "file per closed life cycle, bytes", value("B/lifecycle"), 4096)
	ratio("G10", "  / the bytes of its records and events", value("x_content"))
}
/^BenchmarkLarge\/HotCopy/ {
	goal("G10", "hot copy: size of the file, MB", value("MB"), 2000, 1)
	goal("G10", "hot copy: updates per second meanwhile", value("updates/s"), 1, 1)
	ratio("G10", "  / the same without a copy", value("x_alone"))
	ratio("G10", "  / two writes with an fdatasync each", value("x_raw"))
	ratio("G10", "  time of the copy / a plain one while nobody writes", value("x_copy"))
}
/^BenchmarkFlood/ {
	goal("-", "flood of 30,000 envelopes: acknowledged, p99, ms", value("ack-p99-ms"), 250)
	ratio("-", "  / bare loops that acknowledge over the same sockets, p99", value("ack-p99/bare"))
	goal("-", "flood of 30,000 envelopes: lost", value("lost"), 0)
	goal("-", "flood of 30,000 envelopes: growth of the heap, MB", value("peak-MB"), 96)
}
# What was not measured must not look met.
END {
	for (i = 1; i <= 10; i++) {
		printf "%s", rows["G" i]
		if (!("G" i in seen)) { printf "%-4s NOT MEASURED\n", "G" i; missing = 1 }
	}
	printf "%s", rows["-"]
	exit missing
}
