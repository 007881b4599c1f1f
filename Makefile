# The entry points of this repository. `make help` lists them.

CARGO ?= cargo
WASM := target/wasm32-wasip2/component/jankins_component.wasm

.PHONY: help
help: ## Show this
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: toolchain
toolchain:
	@rustup target list --installed 2>/dev/null | grep -qx wasm32-wasip2 || rustup target add wasm32-wasip2

.PHONY: plugin
plugin: toolchain ## Build both components: target/plugin/jankins.wasm (WASI 0.3), jankins-p2.wasm (WASI 0.2)
	$(CARGO) build -q -p jankins-component --release --features package --bin package-plugin
	$(CARGO) build -q -p jankins-component --lib --target wasm32-wasip2 --profile component --features p3
	target/release/package-plugin wit $(WASM) target/plugin/jankins.wasm
	$(CARGO) build -q -p jankins-component --lib --target wasm32-wasip2 --profile component --features p2
	target/release/package-plugin wit $(WASM) target/plugin/jankins-p2.wasm

.PHONY: build
build: plugin ## Build the host and both components
	$(CARGO) build -q -p jankins --release
