# Two commands for a new machine with Rust: `make run` and `make test`. Each installs what it misses and says so.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
CARGO ?= cargo
WARD := tests/captures/ward/ward.pcap
REPORT := target/ward.html
FUZZ_SECONDS ?= 5

say = @printf '\n== %s\n' "$(1)"

.PHONY: help run test build compiler node peers browser described nextest deny bench report format lint tidy licences tests fuzz ui ui-test e2e deb

help:
	@echo 'make run     build, replay the bundled ward as if it were live, and print the address to open'
	@echo 'make report  build, read the bundled ward, and write a report'
	@echo 'make test    run every test'
	@echo 'make deb     build a Debian package'
	@echo 'make bench   compare speed with ndpiReader and tshark'

# ---- the main job -------------------------------------------------------------------------------------------------

run: build
	$(call say,The monitor with the bundled ward (Ctrl-C ends it))
	@./target/release/medward serve --data target/monitor --replay $(WARD) --repeat

report: build
	$(call say,Reading $(WARD))
	@./target/release/medward assess $(WARD)
	@./target/release/medward assess --quiet --format html --output $(REPORT) $(WARD)
	@echo "The report, to open in a browser: $(CURDIR)/$(REPORT)"

build: compiler ui
	$(call say,Building medward (a few minutes the first time))
	@$(CARGO) build --release --locked --package medward

deb: build
	$(call say,A Debian package)
	@packaging/make-deb target/release/medward target/deb

# ---- the web interface: built before the program, which carries it inside -------------------------------------------

ui: ui/dist/index.html

ui/dist/index.html: $(shell find ui/src ui/index.html ui/package-lock.json ui/vite.config.ts -type f 2>/dev/null) | node
	$(call say,Building the web interface)
	@cd ui && npm ci --no-audit --no-fund --silent && npm run --silent build

described:
	$(call say,Tests: the interface keeps to its description)
	@SCHEMATHESIS=$(CURDIR)/target/peers/bin/schemathesis crates/api/tests/outside/schemathesis.sh 4 >target/schemathesis.log 2>&1 || { tail -60 target/schemathesis.log; exit 1; }
	@grep -h 'passed' target/schemathesis.log | tail -2

ui-test: ui/dist/index.html browser
	$(call say,Tests of the web interface)
	@cd ui && npm run --silent check && npm run --silent test

e2e: ui/dist/index.html browser
	$(call say,The monitor in a real browser)
	@$(CARGO) build --locked --package medward
	@cd ui && MEDWARD=$(CURDIR)/target/debug/medward WARD=$(CURDIR)/$(WARD) npm run --silent e2e

# ---- every test ---------------------------------------------------------------------------------------------------

test: compiler peers ui format lint tidy tests described ui-test e2e licences fuzz
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
	@OIDC_PROVIDER_MOCK=$(CURDIR)/target/peers/bin/oidc-provider-mock $(CARGO) nextest run --locked --workspace
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

node:
	@command -v node >/dev/null && command -v npm >/dev/null || $(call apt,nodejs npm)

# Real programs that tests talk to.
peers:
	@[ -x /usr/lib/postgresql/15/bin/postgres ] || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || $(call apt,postgresql)
	@command -v nats-server >/dev/null || $(call apt,nats-server)
	@[ -x /usr/sbin/snmpd ] || $(call apt,snmpd)
	@command -v ip >/dev/null || $(call apt,iproute2)
	@[ -x /usr/sbin/nft ] || $(call apt,nftables)
	@[ -x /usr/sbin/iptables-nft ] || $(call apt,iptables)
	@command -v setpriv >/dev/null || $(call apt,util-linux)
	@[ -x target/peers/bin/schemathesis ] && [ -x target/peers/bin/oidc-provider-mock ] || { \
	  echo 'Installing schemathesis and oidc-provider-mock'; \
	  { python3 -m venv target/peers 2>/dev/null || { $(call apt,python3-venv) && python3 -m venv target/peers; }; } && \
	  target/peers/bin/pip install --quiet --disable-pip-version-check schemathesis==4.32.0 oidc-provider-mock==0.3.4; }

browser:
	@command -v chromium >/dev/null || $(call apt,chromium)
