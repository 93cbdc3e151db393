# make test, lint, bench, fuzz, build. What each needs is fetched where it can be.
SHELL := /bin/bash
GO ?= go
LINT_VERSION := v2.15.0
LINT := $(CURDIR)/bin/golangci-lint
FUZZTIME ?= 30s
PASSED ?=
BENCHTIME ?= 1s
# The Okta SDK takes about 2.5 GB to compile, and the stories wait in real time: more than four at once help nobody.
PARALLEL ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 4 ? 4 : n )))

# The tests that play whole lives, days and months in virtual time, kill the program and break the code.
BATTERIES := ^Test(Crash|Killed|EachFault|RandomHistories|ClockJumps|StoppedProcess|SummerTime|AVendor|AStorm|ADay|AMonth|AYear|AtRest|EverySeeded|AFullDiskFrom|NothingIs|ALeaver)
# Where make battery keeps what has passed at this commit, so that it can be stopped and taken up.
STATE ?= $(CURDIR)/.battery/$(shell git rev-parse --short HEAD 2>/dev/null || echo now)

.PHONY: test vet deps debian lint linter fmt bench bench-all battery fuzz pictures build clean

# vet has run, so go test does not run its part of it again. Beside the race detector the batteries play a tenth; the whole of
# them is played without it.
test: deps vet
	$(GO) test -race -vet=off -shuffle=on -count=1 -timeout 25m -p $(PARALLEL) ./...
	$(GO) test -vet=off -shuffle=on -count=1 -timeout 25m -run '$(BATTERIES)' ./cli
	$(GO) test -vet=off -count=1 -timeout 10m -run 'EverySchedule|AttacksAmong' ./bot

# The nightly size: a day or so. What has passed is in $(STATE) and is not played again; remove the folder to begin anew. What
# fails does not keep the rest from being played. A failing entry prints the command that replays it alone. The failing disks
# and power failures need root, and FUSE; without them they are skipped, which is told at the end and does not count as passed.
battery:
	@mkdir -p "$(STATE)"
	@trap 'exit 130' INT TERM; set -o pipefail; failed=""; skipped=""; \
	play() { \
		if [ -e "$(STATE)/$$1.passed" ]; then echo "== $$1 has passed before"; return; fi; \
		echo "== $$1"; \
		if ! USHER_BATTERY=nightly USHER_BATTERY_STATE="$(STATE)" $(GO) test -vet=off -timeout 24h -v -count="$$4" -run "$$3" "./$$2" | \
			tee "$(STATE)/$$1.log"; \
		then failed="$$failed $$1"; \
		elif grep -q -e '--- SKIP' "$(STATE)/$$1.log"; then skipped="$$skipped $$1"; \
		else touch "$(STATE)/$$1.passed"; fi; \
	}; \
	TZ=Europe/Berlin play lives cli '$(BATTERIES)' 1; \
	play useless-databases cli 'DatabaseThatCannot' 1; \
	play full-disks cli 'FullDiskUnder|BackupThatCannot|RootRestores' 20; \
	play failing-disks store 'DiskThatFails|FullDisk|FailedSync|CannotBeOpened|FileThat|CutOff|Torn|OtherProcess|ReadableFile|NewerLayout' 20; \
	play power-failures store 'Power|Damaged' 1; \
	play schedules bot 'EverySchedule|AttacksAmong' 1; \
	play core access 'Chaos' 1; \
	play okta idp/okta 'Pairs|Drain' 1; \
	play jira jira 'Pairs' 1; \
	$(MAKE) fuzz FUZZTIME=10m PASSED="$(STATE)" || failed="$$failed fuzzing"; \
	if [ -n "$$skipped" ]; then echo "skipped, at least in part:$$skipped"; fi; \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

vet:
	$(GO) vet ./...

# Chromium and slapd are started by the tests. They are installed where that can be done without asking anybody.
debian:
	@missing=""; \
	command -v chromium chromium-browser google-chrome $(USHER_CHROMIUM) >/dev/null || missing="chromium fonts-liberation fonts-noto-color-emoji"; \
	PATH="$$PATH:/usr/sbin:/usr/libexec" command -v slapd >/dev/null || missing="$$missing slapd"; \
	if [ -n "$$missing" ]; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "installing $$missing"; \
			{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; } >/dev/null || echo "apt could not install $$missing"; \
		else \
			echo "not here, so the tests that need it are skipped: $$missing (apt-get install, as root)"; \
		fi; \
	fi

# The vendors' JavaScript clients judge the sandbox, SCIMMY the SCIM client, and axe-core the pages, where Node and npm are at
# hand. The tests fetch them themselves if this fails.
deps: debian
	@if command -v npm >/dev/null 2>&1; then \
		for folder in sandbox/clients sandbox/page/browser idp/scim/testdata/scimmy; do \
			if [ ! $$folder/node_modules/.package-lock.json -nt $$folder/package-lock.json ]; then \
				( cd $$folder && npm ci --ignore-scripts --no-audit --no-fund ) || echo "npm could not fetch what $$folder needs"; \
			fi; \
		done; \
	else \
		echo "no npm here: the tests with the vendors' JavaScript clients are skipped, and nobody judges accessibility"; \
	fi

lint: linter
	$(LINT) run
	$(LINT) fmt --diff
	$(GO) mod tidy -diff

# Exactly the named version, whatever else is installed.
linter:
	@if [ "$$($(LINT) version --short 2>/dev/null)" != "$(LINT_VERSION:v%=%)" ]; then \
		echo "installing golangci-lint $(LINT_VERSION), which takes about two minutes"; \
		GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION); \
	fi

fmt: linter
	$(LINT) fmt

# The goals of docs/reliability.md as one table, at the sizes that they name, measured one after the other: the machine should do
# nothing else meanwhile. It takes about ten minutes and 5 GB of the disk that TMPDIR is on, which must be a real one.
bench:
	@mkdir -p bin
	@{ echo "machine: load $$(cut -d' ' -f1-3 /proc/loadavg), files on $$(df --output=fstype "$${TMPDIR:-/tmp}" | tail -1)"; \
		$(GO) test -count=1 -v -run '^Test(AtRest|OneLife)' ./cli; \
		run() { $(GO) test -run '^$$' -bench "$$2" -benchtime "$$3" -timeout 30m "./$$1"; }; \
		run cli 'ClickAlone' 200x && run cli 'LifeCycles' 10000x && run cli 'Storm|SingleExpiry' 1x && run cli Idle 1x && run cli Restart 1x && \
		run idp/okta Drain 1x && run bot Flood 1x && run store 'Large|LifecycleBytes' 1x; \
		echo "machine: load $$(cut -d' ' -f1-3 /proc/loadavg) at the end"; } | tee bin/bench.txt >&2
	@awk -f .ci/goals.awk bin/bench.txt

# Every benchmark there is; only packages that have some are compiled.
bench-all:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 30m -p 1 \
		$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n1 dirname | sort -u)

# go test fuzzes one function at a time, and each gets its time even if another fails. A find is kept in testdata/fuzz and fails
# every later test run until it is mended. What has passed is noted in the folder $(PASSED), if there is one, and left out then.
fuzz:
	@trap 'exit 130' INT TERM; failed=""; \
	while IFS=: read -r file func <&3; do \
		name="$${func#func }"; folder="$$(dirname "$$file")"; mark="$(PASSED)/$$(tr / . <<<"$${folder#./}").$$name.passed"; \
		if [ -n "$(PASSED)" ] && [ -e "$$mark" ]; then echo "== $$name in $$folder has passed before"; continue; fi; \
		echo "== $$name in $$folder"; \
		if $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$folder" </dev/null; \
		then if [ -n "$(PASSED)" ]; then touch "$$mark"; fi; else failed="$$failed $$folder:$$name"; fi; \
	done 3< <(grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sort); \
	if [ -n "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# The pictures of the README anew, and pictures/gallery with everything that the bot can send.
pictures: deps
	USHER_BROWSER=required USHER_PICTURES=$(CURDIR)/docs $(GO) test -count=1 -run '^TestPicturesForTheReadme$$' ./cli
	USHER_BROWSER=required $(GO) test -count=1 -run '^TestEveryViewCanBeLookedAt$$' ./bot
	@echo "look at docs/demo.png, docs/demo-phone.png and pictures/gallery/index.html"

build:
	$(GO) build -trimpath -o usher .

clean:
	rm -rf usher bin .battery pictures sandbox/clients/node_modules sandbox/page/browser/node_modules idp/scim/testdata/scimmy/node_modules
