# Each target says what it does: `make help`.
CARGO := scripts/cargo
.DEFAULT_GOAL := help
.PHONY: help setup build site run dev test lint clippy clippy-of-pages bench screenshots clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## install what is missing to build and test
	@scripts/setup test

build: ## both binaries and the site, in release mode
	@scripts/setup build
	$(CARGO) build --release -p server -p berth-cli
	@scripts/site

site: ## only what browsers load
	@scripts/setup build
	@scripts/site

run: build ## build, then serve on http://127.0.0.1:3000 (ARGS="--addr …" for more)
	@exec target/release/berth-server serve $(ARGS)

dev: ## serve, and build again whenever a source file changes
	@scripts/setup build
	@scripts/dev $(ARGS)

test: ## everything that must pass
	@scripts/test

lint: ## formatting and clippy
	@scripts/setup test
	$(CARGO) fmt --all --check
	@$(MAKE) --no-print-directory clippy

clippy: clippy-of-pages
	$(CARGO) clippy --release --all-targets -- -D warnings

clippy-of-pages:
	$(CARGO) clippy -p frontend --target wasm32-unknown-unknown --target-dir target/front --profile wasm-release -- -D warnings

bench: build ## measure what people feel, beside references of the same run
	@scripts/samples build
	$(CARGO) bench --bench berth --bench past --bench autopilot
	@scripts/setup bench
	@BERTH_BENCH=1 scripts/e2e

screenshots: build ## take the pictures of the README and of end2end/shots
	@scripts/setup test
	@BERTH_SHOTS=1 scripts/e2e screenshots

clean: ## remove what was built; .tools and npm packages stay
	$(CARGO) clean
	rm -rf end2end/test-results end2end/playwright-report end2end/shots
