# latchkey. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := bin/latchkey
TOOL := go tool -modfile=tools/go.mod

.PHONY: help run build test ci test-go test-browser lint lint-go lint-contract generate bench fuzz clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: build ## build and start latchkey on its embedded SQLite
	@$(BIN) serve

build: ## build bin/latchkey
	@command -v go >/dev/null || { echo 'missing: Go 1.26 or newer (https://go.dev/dl)' >&2; exit 1; }
	@go build -trimpath -o $(BIN) ./server

test: lint test-go test-browser ## everything: linters, Go on both databases, the browser

# Where no Docker daemon runs, `up` starts one, and where no registry answers it
# makes the image from Debian's packages.
ci: ## make test, with PostgreSQL in a container whatever it takes
	@trap 'tests/docker/down' EXIT; \
	variables=$$(tests/docker/up); eval "$$variables"; \
	$(MAKE) test

test-go: ## the Go tests, with the race detector
	@tests/deps
	go test -race ./...

test-browser: build ## the pages in a real browser, on both databases
	@tests/deps
	cd tests/browser && LATCHKEY_BIN=$(CURDIR)/$(BIN) npm test --silent
	go build -o bin/withpostgres ./tests/pgtest/withpostgres
	cd tests/browser && LATCHKEY_BIN=$(CURDIR)/$(BIN) $(CURDIR)/bin/withpostgres npm test --silent

lint: lint-go lint-contract ## all linters

lint-go:
	go vet ./...
	$(TOOL) golangci-lint run ./...

lint-contract:
	@tests/deps
	npm --prefix tests/browser run --silent lint:contract

generate: ## make gen/ from the contract
	go generate ./...

bench: build ## the figures of README.md, as a table (5 minutes)
	go run ./tests/bench

FUZZTIME := 30s
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@grep -rl '^func Fuzz' --include='*_test.go' . | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "$$target"; go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$(dirname "$$file")"; \
		done; done

clean: ## remove what was built and installed; ./data stays
	rm -rf bin tests/browser/node_modules
