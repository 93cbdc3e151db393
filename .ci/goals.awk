# Turns the output of the benchmarks into one table of goals.
function value(unit,   i) { for (i = 3; i < NF; i++) if ($(i + 1) == unit) return $i; return "" }
function goal(name, what, got, limit, least,   met) {
	if (got == "") return
	met = least ? got + 0 >= limit : got + 0 <= limit
	printf "%-4s %-58s %12.4g  %s %-8.4g %s\n", name, what, got, least ? ">=" : "<=", limit, met ? "met" : "MISSED"
}
# ratio prints what is measured against the bare work in the same run; no goal was set for it.
function ratio(name, what, got) { if (got != "") printf "%-4s %-58s %12.4g\n", name, what, got }
BEGIN { printf "%-4s %-58s %12s  %-11s %s\n", "goal", "what", "measured", "wanted", "" }
/^BenchmarkClickAlone/ { goal("G1", "click alone until durable, p50, ms", value("click-p50-ms"), 1) }
/^BenchmarkLifeCycles/ {
	goal("G1", "click under full load until durable, p50, ms", value("click-p50-ms"), 5)
	goal("G1", "click under full load until durable, p99, ms", value("click-p99-ms"), 20)
	goal("G2", "whole life cycles per second", value("lives/s"), 1500, 1)
	goal("G2", "processor time per life cycle, ms", value("cpu-ms/life"), 0.9)
}
/^BenchmarkStorm/ {
	goal("G3", "storm: p99 lateness / time of the calls alone", value("late-p99/floor"), 1.10)
	goal("G3", "storm: all recorded / time of the calls alone", value("recorded/floor"), 1.2)
}
/^BenchmarkSingleExpiry/ {
	goal("G4", "single expiry: first byte of the removal, p99, ms late", value("late-p99-ms"), 10)
	ratio("G4", "  / a bare timer and the same call, p99", value("late-p99/bare"))
	ratio("G4", "  the same, p50", value("late-p50/bare"))
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
/^BenchmarkRestart/ { restart = $3 / 1e6; goal("G9", "restart to first sweep, warm, s", $3 / 1e9, 1) }
/^BenchmarkOpenCold/ {
	goal("G9", "open and first due timer, cold, ms", value("ms/open") + value("ms/first_due"), 1000)
	ratio("G9", "  / bbolt alone opens the file and seeks, cold", value("x_bare"))
	if (restart) ratio("G9", "  restart to first sweep / the same, warm", restart / value("bare_warm_ms"))
}
/^BenchmarkLifecycleBytes.*seal=true/ { goal("G10", "file per closed life cycle, bytes", value("B/lifecycle"), 4096) }
/^BenchmarkHotCopy/ { goal("G10", "hot copy: updates per second meanwhile", value("updates/s"), 1, 1) }
/^BenchmarkFlood/ {
	goal("-", "flood of 30,000 envelopes: acknowledged, p99, ms", value("ack-p99-ms"), 250)
	ratio("-", "  / bare loops that acknowledge over the same sockets, p99", value("ack-p99/bare"))
	goal("-", "flood of 30,000 envelopes: lost", value("lost"), 0)
}
