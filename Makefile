# The entry points of this repository. `make help` lists them.

CARGO ?= cargo
# One place, whatever the caller's environment says: scripts, tests and the README name files below it.
export CARGO_TARGET_DIR := $(CURDIR)/target
# Small, and the same on every machine: short addresses in the code, and no path of this one in panic messages.
CARGO_HOME ?= $(HOME)/.cargo
export CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS := -Clink-arg=--compress-relocations --remap-path-prefix=$(CARGO_HOME)/registry/src=crates --remap-path-prefix=$(CURDIR)=.
# A directory for each WASI: in one, cargo would take the one build for an outdated other, and repeat both every time.
P3 := --target wasm32-wasip2 --profile component --features p3 --target-dir target/p3
P2 := --target wasm32-wasip2 --profile component --features p2 --target-dir target/p2
WASM := wasm32-wasip2/component/jankins_component.wasm
PLUGINS := target/plugin/jankins.wasm target/plugin/jankins-p2.wasm
VERSION = $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
DIST = jankins-$(VERSION)-$(HOST)

.PHONY: help
help: ## Show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: demo
demo: build ## Show the triage of a recorded failing build, without network
	@target/release/jankins call triage-failure --job shop/checkout/main --build last-failed --replay tests/cassettes/demo.cassette
	@printf '\n%s\n' 'Connect Claude Code to your own Jenkins:' \
	  "  export JENKINS_URL=https://jenkins.example.com JENKINS_USER=you JENKINS_API_TOKEN=..." \
	  '  $(CURDIR)/target/release/jankins check' \
	  '  claude mcp add jenkins -- $(CURDIR)/target/release/jankins'

.PHONY: cassette
cassette: build ## Record what `make demo` replays again, from the simulated controller
	$(CARGO) build -q -p jankins-tests --release --bin jenkins-sim
	@rm -f tests/cassettes/demo.cassette
	@target/release/jenkins-sim > target/simulator.url & simulator=$$!; trap 'kill $$simulator' EXIT; \
	  until [ -s target/simulator.url ]; do sleep 0.1; done; url=$$(cat target/simulator.url); \
	  JENKINS_URL=$$url JENKINS_USER=reader JENKINS_API_TOKEN=reader-token target/release/jankins \
	    call triage-failure --job shop/checkout/main --build last-failed --record tests/cassettes/demo.cassette && \
	  sed -i "s|$$url|http://jenkins.example.com/|" tests/cassettes/demo.cassette

.PHONY: run
run: build ## Serve your Jenkins at http://127.0.0.1:8080/mcp (JENKINS_URL, JENKINS_USER, JENKINS_API_TOKEN)
	@: "$${JENKINS_URL:?is not set: make run JENKINS_URL=https://jenkins.example.com JENKINS_USER=you JENKINS_API_TOKEN=...}"
	@: "$${JENKINS_USER:?is not set: the user that the API token belongs to}"
	@: "$${JENKINS_API_TOKEN:?is not set: make one in Jenkins under your name, Security, API Token}"
	target/release/jankins --transport http

.PHONY: build
build: plugin ## Build the host and both components
	$(CARGO) build -q -p jankins --release
	@touch target/plugin/.built

.PHONY: plugin
plugin: toolchain ## Build both components: target/plugin/jankins.wasm (WASI 0.3), jankins-p2.wasm (WASI 0.2)
	$(CARGO) build -q -p jankins-component --release --features package --bin package-plugin
	$(CARGO) build -q -p jankins-component --lib $(P3)
	@target/release/package-plugin wit target/p3/$(WASM) target/plugin/jankins.wasm > target/plugin.imports
	$(CARGO) build -q -p jankins-component --lib $(P2)
	@target/release/package-plugin wit target/p2/$(WASM) target/plugin/jankins-p2.wasm >> target/plugin.imports

# Plugins that misbehave on request, for the tests of the sandbox. Not part of `build`: nobody else needs them.
HOSTILE := wasm32-wasip2/component/jankins_hostile.wasm
.PHONY: hostile
hostile: toolchain
	$(CARGO) build -q -p jankins-component --release --features package --bin package-plugin
	$(CARGO) build -q -p jankins-hostile $(P3)
	@target/release/package-plugin tests/hostile/wit target/p3/$(HOSTILE) target/plugin/hostile.wasm wasi:random/random > /dev/null
	$(CARGO) build -q -p jankins-hostile $(P2)
	@target/release/package-plugin tests/hostile/wit target/p2/$(HOSTILE) target/plugin/hostile-p2.wasm wasi:random/random > /dev/null

.PHONY: toolchain
toolchain:
	@rustup target list --installed 2>/dev/null | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2

.PHONY: test
test: build hostile ## Run all tests, those in other component runtimes included (needs node and python3)
	@if $(CARGO) nextest --version >/dev/null 2>&1; \
	then $(CARGO) nextest run --release --workspace --no-fail-fast; \
	else $(CARGO) test --release --workspace --no-fail-fast; fi

.PHONY: fuzz
fuzz: ## Look for inputs that break a parser, a minute for each: log reader, answers of Jenkins, names, cursors, redaction
	FUZZ_SECONDS=$${FUZZ_SECONDS:-60} FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} \
	  $(CARGO) test --release -p jankins-component --lib fuzz_ -- --nocapture

.PHONY: soak
soak: build ## Run mixed load with faults for 30 minutes (SECONDS=…): no leak, no lost answer, no crossed one
	JANKINS_SOAK_SECONDS=$(or $(SECONDS),1800) $(CARGO) test --release -p jankins-tests --test soak -- --nocapture

.PHONY: otlp
otlp: plugin ## Test and build the host with the exporter of OpenTelemetry spans, which the default build does not have
	$(CARGO) test --release -p jankins --features otlp
	$(CARGO) build -q -p jankins --release --features otlp

.PHONY: lint
lint: toolchain ## Check formatting, and every target with clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy -q --release --workspace --all-targets -- -D warnings
	$(CARGO) clippy -q --release -p jankins --features otlp --all-targets -- -D warnings
	$(CARGO) clippy -q --release -p jankins-component --features package --bin package-plugin -- -D warnings
	$(CARGO) clippy -q -p jankins-component --lib $(P3) -- -D warnings
	$(CARGO) clippy -q -p jankins-component --lib $(P2) -- -D warnings
	$(CARGO) clippy -q -p jankins-hostile --lib $(P3) -- -D warnings
	$(CARGO) clippy -q -p jankins-hostile --lib $(P2) -- -D warnings

.PHONY: bench
bench: build ## Measure start, calls, memory, log scans and tokens; fail when a figure is out of its bounds
	$(CARGO) bench -q -p jankins-tests --bench figures

.PHONY: dist
dist: build ## Print what the components import (failing when that grows), and pack an archive into target/dist
	@cat target/plugin.imports
	@rm -rf target/dist && mkdir -p target/dist/$(DIST)
	@cp target/release/jankins $(PLUGINS) README.md LICENSE target/dist/$(DIST)/
	@tar -C target/dist -czf target/dist/$(DIST).tar.gz $(DIST)
	@cd target/dist && sha256sum $(DIST).tar.gz | tee $(DIST).tar.gz.sha256

.PHONY: audit
audit: ## Check licences, sources and known vulnerabilities of all dependencies
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install -q --locked cargo-deny
	$(CARGO) deny --config .deny.toml check bans licenses sources
	@if $(CARGO) deny fetch advisories >/dev/null 2>&1; then $(CARGO) deny --config .deny.toml check advisories; \
	else echo "the advisory database cannot be reached: known vulnerabilities were not checked"; fi
