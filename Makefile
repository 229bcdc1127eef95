# Everything that is done with this project. Each target sets up what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
CARGO := cargo --locked

.PHONY: run test verify bench attacks demo-month demo-box lint release prerequisites test-prerequisites lint-prerequisites clean

## run: start everything on this machine and print how to use it (KAFKA=apache for a real broker)
run: prerequisites
	exec $(CARGO) run --quiet --bin secondwind -- run

## test: every test that fits into minutes
test: test-prerequisites
	$(CARGO) build --workspace --all-targets
	$(CARGO) test --workspace

## verify: what takes longer as well: crashes, clusters, long runs
verify: test-prerequisites
	$(CARGO) build --workspace --all-targets
	SECONDWIND_VERIFY=1 $(CARGO) test --workspace

## bench: measure, and print one table
bench: prerequisites
	$(CARGO) run --release --package tests --bin bench

## attacks: what hostile clients do to a release build, and what others notice of it, as a table
attacks: prerequisites
	$(CARGO) run --release --quiet --package tests --bin attacks

## demo-month: a month of the exchange, from its first deposit to its closed and audited books
demo-month: prerequisites
	$(CARGO) run --quiet --package tests --bin demo month

## demo-box: five years of a box on a contract of the exchange, until its debt is repaid and nothing is left over
demo-box: test-prerequisites
	$(CARGO) run --quiet --package tests --bin demo box

## release: the optimized binary
release: prerequisites
	$(CARGO) build --release --bin secondwind

## lint: what must be clean before a commit
lint: lint-prerequisites
	infra/dev/tool.sh typos
	infra/dev/tool.sh cargo-deny --locked check licenses bans sources
	cargo fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

prerequisites:
	@infra/dev/prerequisites.sh

test-prerequisites:
	@infra/dev/prerequisites.sh tests

lint-prerequisites:
	@infra/dev/prerequisites.sh lint

clean:
	cargo clean
	rm -rf .secondwind
