# make test, lint, bench, fuzz, build. What each needs is fetched where it can be.
SHELL := /bin/bash
GO ?= go
LINT_VERSION := v2.15.0
LINT := $(CURDIR)/bin/golangci-lint
FUZZTIME ?= 30s
BENCHTIME ?= 1s
# The Okta SDK takes about 2.5 GB to compile, and the stories wait in real time: more than four at once help nobody.
PARALLEL ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); echo $$(( n > 4 ? 4 : n )))

.PHONY: test vet deps lint linter fmt bench fuzz build clean

# vet has run, so go test does not run its part of it again.
test: deps vet
	$(GO) test -race -vet=off -shuffle=on -count=1 -timeout 25m -p $(PARALLEL) ./...

vet:
	$(GO) vet ./...

# The vendors' JavaScript clients judge the sandbox where Node and npm are at hand. Their test fetches them itself if this fails.
deps:
	@if command -v npm >/dev/null 2>&1 && [ -f sandbox/clients/package-lock.json ]; then \
		if [ ! sandbox/clients/node_modules/.package-lock.json -nt sandbox/clients/package-lock.json ]; then \
			( cd sandbox/clients && npm ci --ignore-scripts --no-audit --no-fund ) || echo "npm could not fetch the JavaScript clients"; \
		fi; \
	else \
		echo "no npm here: the tests with the vendors' JavaScript clients will be skipped"; \
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

# Only packages that have benchmarks are compiled.
bench:
	$(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) -timeout 30m -p 1 \
		$$(grep -rl --include='*_test.go' '^func Benchmark' . | xargs -n1 dirname | sort -u)

# go test fuzzes one function at a time. A find is kept in testdata/fuzz and fails every later test run until it is mended.
fuzz:
	@set -e; grep -r --include='*_test.go' -o '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do \
		name="$${func#func }"; echo "== $$name in $$(dirname "$$file")"; \
		$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$(dirname "$$file")" </dev/null; \
	done

build:
	$(GO) build -trimpath -o usher .

clean:
	rm -rf usher bin sandbox/clients/node_modules
