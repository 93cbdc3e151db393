# Turns the output of the benchmarks into one table of goals.
function value(unit,   i) { for (i = 3; i < NF; i++) if ($(i + 1) == unit) return $i; return "" }
function goal(name, what, got, limit, least,   met) {
	if (got == "") return
	met = least ? got + 0 >= limit : got + 0 <= limit
	printf "%-4s %-58s %12.4g  %s %-8.4g %s\n", name, what, got, least ? ">=" : "<=", limit, met ? "met" : "MISSED"
}
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
/^BenchmarkSingleExpiry/ { goal("G4", "single expiry: first byte of the removal, p99, ms late", value("late-p99-ms"), 10) }
/^BenchmarkDrain/ {
	split($1, name, "/")
	goal("G5", "drain, " name[2] ": share of the window used", value("of-ideal"), 0.98, 1)
	goal("G5", "drain, " name[2] ": 429 of our making", value("429s"), 0)
}
/^BenchmarkIdle/ {
	goal("G8", "idle with 100,000 timers: percent of a core", value("cpu-percent"), 0.1)
	goal("G8", "idle with 100,000 timers: anonymous memory, MB", value("anon-MB"), 60)
}
/^BenchmarkRestart/ { goal("G9", "restart to first sweep, warm, s", $3 / 1e9, 1) }
/^BenchmarkOpenCold/ { goal("G9", "open and first due timer, cold, ms", value("ms/open") + value("ms/first_due"), 1000) }
/^BenchmarkLifecycleBytes.*seal=true/ { goal("G10", "file per closed life cycle, bytes", value("B/lifecycle"), 4096) }
/^BenchmarkHotCopy/ { goal("G10", "hot copy: updates per second meanwhile", value("updates/s"), 1, 1) }
/^BenchmarkFlood/ {
	goal("-", "flood of 30,000 envelopes: acknowledged, p99, ms", value("ack-p99-ms"), 250)
	goal("-", "flood of 30,000 envelopes: lost", value("lost"), 0)
}
