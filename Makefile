# What one types here. Each line calls a script or a tool; decisions are made there.

.DEFAULT_GOAL := help
.PHONY: help run demo test check load peers region docs

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /make \1\t/p' Makefile

run: ## Build and start a server, http://127.0.0.1:8000
	@scripts/run.sh

demo: ## A scripted consultation between two real SDK clients
	@scripts/demo.sh

test: ## Everything that must pass: format, lints, tests, real client SDKs
	@scripts/test.sh

check: ## The slower proofs: format, lints, documents, dependencies, fuzzing
	@scripts/check.sh

load: ## Measure a release build: make load SCENARIO=room
	@scripts/load.sh $(SCENARIO) $(ARGS)

peers: ## The same room on Belfry, Centrifugo and nchan: make peers ARGS="--rate 100"
	@scripts/peers.sh room $(ARGS)

region: ## Fetch data that says where addresses of IPv4 are, to try
	@scripts/region.sh

docs: ## The code's documents, into target/doc
	@RUSTDOCFLAGS='-D warnings' cargo doc --locked --workspace --no-deps --document-private-items
