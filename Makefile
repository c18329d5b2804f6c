# Two commands for a new machine with Rust: `make run` and `make test`. Each installs what it misses and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
WARD := tests/captures/ward/ward.pcap
REPORT := target/ward.html
FUZZ_SECONDS ?= 5

say = @printf '\n== %s\n' "$(1)"

.PHONY: help run test build compiler nextest deny bench report format lint tidy licences tests fuzz

help:
	@echo 'make run     build, read the bundled ward, show what is on it, and write a report'
	@echo 'make test    run every test'
	@echo 'make bench   compare speed with ndpiReader and tshark'

# ---- the main job -------------------------------------------------------------------------------------------------

run: report
	@if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] && command -v xdg-open >/dev/null; then \
	  xdg-open $(REPORT) >/dev/null 2>&1 || true; echo "The report is open in your browser: $(REPORT)"; \
	else echo "The report, to open in a browser: $(CURDIR)/$(REPORT)"; fi

report: build
	$(call say,Reading $(WARD))
	@./target/release/medward assess $(WARD)
	@./target/release/medward assess --quiet --format html --output $(REPORT) $(WARD)

build: compiler
	$(call say,Building medward (a few minutes the first time))
	@$(CARGO) build --release --locked --package medward

# ---- every test ---------------------------------------------------------------------------------------------------

test: compiler format lint tidy tests licences fuzz
	$(call say,All tests passed)

format:
	$(call say,Format)
	@$(CARGO) fmt --all --check

lint:
	$(call say,Lint: clippy without warnings)
	@$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

tidy:
	$(call say,Tidy: the rules of the house)
	@$(CARGO) xtask tidy

tests: nextest
	$(call say,Tests: units and goldens and conformance and accuracy and the fuzz corpus)
	@$(CARGO) nextest run --locked --workspace
	$(call say,Tests: documentation)
	@$(CARGO) test --locked --workspace --doc --quiet

licences: deny
	$(call say,Licences and sources of all dependencies)
	@$(CARGO) deny --offline --all-features --log-level error check licenses bans sources
	$(call say,Known vulnerabilities of dependencies)
	@if $(CARGO) deny --log-level error check advisories 2>target/advisories.log; then echo 'none known'; \
	elif grep -qiE 'FETCH_HEAD|failed to (fetch|load|clone)|advisory database|offline|network|resolve|connect' target/advisories.log; then \
	  echo 'not checked: the advisory database cannot be reached from here'; \
	else cat target/advisories.log; exit 1; fi

fuzz:
	$(call say,Fuzz: $(FUZZ_SECONDS) seconds a target)
	@$(CARGO) xtask fuzz --seconds $(FUZZ_SECONDS)

bench: compiler
	@command -v ndpiReader >/dev/null && command -v tshark >/dev/null && [ -x /usr/bin/time ] || $(call apt,libndpi-bin tshark time)
	@$(CARGO) xtask bench

# ---- what may be missing on a new machine ---------------------------------------------------------------------------

apt = { echo "Installing $(1) with apt-get"; \
  if [ "$$(id -u)" = 0 ]; then sudo=; else sudo=sudo; fi; \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get update -qq && \
  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $(1) >/dev/null; }

compiler:
	@command -v $(CARGO) >/dev/null || { echo 'Rust is missing: install it first (rustup, Rust 1.95 or newer)'; exit 1; }
	@command -v cc >/dev/null || $(call apt,build-essential)
	@[ -e /usr/include/pcap/pcap.h ] || $(call apt,libpcap-dev)

nextest:
	@$(CARGO) nextest --version >/dev/null 2>&1 || { echo 'Installing cargo-nextest'; $(CARGO) install --quiet --locked cargo-nextest; }

deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo 'Installing cargo-deny'; $(CARGO) install --quiet --locked --no-default-features --debug cargo-deny; }
