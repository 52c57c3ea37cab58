# latchkey. `make` alone lists what there is.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

BIN := bin/latchkey
RESULTS := $(CURDIR)/bin/test-results
TOOL := go tool -modfile=tools/go.mod
APP := frontend-client
APP_INSTALLED := $(APP)/node_modules/.installed
APP_BUILT := $(APP)/.next/standalone/server.js
APP_SOURCES := $(shell find $(APP)/src $(APP)/*.ts $(APP)/*.mjs $(APP)/package.json -type f 2>/dev/null)

.PHONY: help run dev build build-app test ci test-go test-app test-browser lint lint-go lint-contract lint-app generate bench soak fuzz clean

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: build build-app ## build and start latchkey, on its embedded SQLite, and the Next.js app behind it
	@exec node $(APP)/run.mjs

dev: build $(APP_INSTALLED) ## the same, and both anew whenever a file changes
	@exec node $(APP)/run.mjs --dev

build: ## build bin/latchkey
	@command -v go >/dev/null || { echo 'missing: Go 1.26 or newer (https://go.dev/dl)' >&2; exit 1; }
	@echo 'building latchkey ...'
	@go build -trimpath -ldflags='-s -w' -o $(BIN) ./server

build-app: $(APP_BUILT) ## build the Next.js app

# The files for the browser are not part of what Next.js calls standalone.
$(APP_BUILT): $(APP_INSTALLED) $(APP_SOURCES)
	@echo 'building the Next.js app ...'
	@cd $(APP) && NEXT_TELEMETRY_DISABLED=1 npx next build >.next-build.log 2>&1 || { cat .next-build.log >&2; exit 1; }
	@rm -rf $(APP)/.next/standalone/.next/static $(APP)/.next-build.log
	@cp -r $(APP)/.next/static $(APP)/.next/standalone/.next/static
	@touch $@

$(APP_INSTALLED): $(APP)/package-lock.json
	@command -v npm >/dev/null || { echo 'missing: Node.js 20.19 or newer with npm (https://nodejs.org)' >&2; exit 1; }
	@cd $(APP) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

test: ## everything: linters, Go on both databases, TypeScript, the browser; one screen at the end
	+@MAKE='$(MAKE)' RESULTS=$(RESULTS) node tests/screen/screen.mjs lint test-go test-app test-browser

# Where no Docker daemon runs, `up` starts one, and where no registry answers it
# makes the image from Debian's packages.
ci: ## make test, with PostgreSQL in a container whatever it takes
	@trap 'tests/docker/down' EXIT; \
	variables=$$(tests/docker/up); eval "$$variables"; \
	$(MAKE) test

# The race detector watches everything but four packages that share no memory with
# anybody: SQLite, which is C made into Go and has its own heap, and three hashes.
# Watching those alone took two thirds of the time, compiling included. Only
# packages without generics may be named: the linker keeps one copy of a generic
# function, and an unwatched copy would hide races elsewhere, or invent them.
UNWATCHED := modernc.org/sqlite/lib golang.org/x/crypto/argon2 golang.org/x/crypto/blowfish golang.org/x/crypto/scrypt
# Many tests wait for a database or a time-out: four at once keep the cores busy.
GO_TEST := go test -race $(UNWATCHED:%=-gcflags=%=-race=false) -parallel=4

test-go: ## the Go tests, with the race detector
	@tests/deps
	@mkdir -p $(RESULTS)
	$(GO_TEST) -json ./... | LATCHKEY_TEST_RESULTS=$(RESULTS)/go.json node tests/screen/go.mjs

test-app: $(APP_INSTALLED) ## the app's unit tests
	@mkdir -p $(RESULTS)
	cd $(APP) && npm test --silent -- --reporter=default --reporter=json --outputFile.json=$(RESULTS)/app.json

test-browser: build build-app ## the pages in a real browser, on both databases
	@tests/deps
	@mkdir -p $(RESULTS)
	go build -o bin/withpostgres ./tests/pgtest/withpostgres
	@cd tests/browser; export LATCHKEY_BIN=$(CURDIR)/$(BIN); red=0; \
	LATCHKEY_TEST_RESULTS=$(RESULTS)/browser-sqlite.json npm test --silent || red=1; \
	echo 'once more on PostgreSQL, without the tests in which no database has a part'; \
	LATCHKEY_TEST_RESULTS=$(RESULTS)/browser-postgres.json $(CURDIR)/bin/withpostgres npm run test:database --silent || red=1; \
	exit $$red

lint: lint-go lint-contract lint-app ## all linters

lint-go:
	go vet ./...
	$(TOOL) golangci-lint run --allow-parallel-runners ./...

lint-contract:
	@tests/deps
	npm --prefix tests/browser run --silent lint:contract

lint-app: $(APP_INSTALLED)
	npm --prefix $(APP) run --silent lint

generate: $(APP_INSTALLED) ## make gen/ and the TypeScript client from the contract
	go generate ./...
	npm --prefix $(APP) run --silent generate

bench: build build-app ## the figures of README.md, as a table
	go run ./tests/bench

soak: ## hold it in the memory of small containers (as root; quarter of an hour)
	go run ./tests/bench -only soak

FUZZTIME := 30s
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@grep -rl '^func Fuzz' --include='*_test.go' . | while read -r file; do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$$file"); do \
			echo "$$target"; go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) "$$(dirname "$$file")"; \
		done; done

clean: ## remove what was built and installed; ./data stays
	rm -rf bin tests/browser/node_modules $(APP)/node_modules $(APP)/.next
