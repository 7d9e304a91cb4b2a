# Every task of the project. `make` lists them.

CARGO ?= cargo
# Python packages and tools of the outside tests live here, outside the sources.
OUTSIDE := target/outside
PYTHON := $(OUTSIDE)/bin/python
DEBIAN := buildah chromium chromium-driver curl dbus jq nginx podman prometheus \
	python3-venv runc shellcheck
# What the load test uses, and the instruction counts.
LOADTEST := curl nginx-light python3-yaml wrk
COUNTS := python3-yaml valgrind
# Of the load test; 1 and 1 to try it.
ROUNDS ?= 30
SECONDS ?= 1
DENY_VERSION := 0.20.2
CYCLONEDX_VERSION := 0.5.9
FUZZ_VERSION := 0.13.2
# Tools that run for seconds: compiling them fast is worth more than fast tools.
INSTALL := $(CARGO) install --locked --quiet --debug --root $(OUTSIDE)
FUZZ_TARGETS := version selector query_string snapshot rules bundle
FUZZ_SECONDS ?= 600
# Programs that Go builds for tests; those of `cluster` take some ten minutes.
GO_TOOLS := $(CURDIR)/target/test-tools
# Programs are static, as in images. The target is named so that the flag does
# not reach build scripts and macros.
TARGET := $(shell rustc -vV | sed -n 's/^host: //p')
STATIC := RUSTFLAGS='-C target-feature=+crt-static'
# Server and command line, with the features of both so that the library is compiled
# once; images build each alone. loadtest/programs.py uses the same flags.
RELEASE := --locked --target $(TARGET) --no-default-features --features server,cli
PROGRAMS := $(CURDIR)/target/$(TARGET)/release
# The agent, small enough for every node.
AGENT := $(CURDIR)/target/$(TARGET)/agent/eidos-agent
AGENT_MOST_BYTES := 4194304
PROMETHEUS := github.com/prometheus/prometheus@v0.307.3
HELM := helm.sh/helm/v3/cmd/helm@v3.18.6

# Installs what is missing of some Debian packages, and says so.
define installed
@for package in $(1); do \
  dpkg -s $$package > /dev/null 2>&1 || missing="$$missing $$package"; \
done; \
if [ -n "$$missing" ]; then \
  echo "installing$$missing"; \
  apt-get update -qq && \
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
fi
endef

.PHONY: help
help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: run
run: ## run the server on the embedded rule base
	$(CARGO) run --release --locked

.PHONY: test
test: format lint docs tools unit licences counts outside ## everything; installs what is missing

.PHONY: format
format: ## is the code formatted
	$(CARGO) fmt --check

.PHONY: lint
lint: ## is clippy silent
	$(CARGO) clippy --locked --all-targets -- -D warnings

.PHONY: docs
docs: ## do the docs build without warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --locked --no-deps --quiet

.PHONY: unit
unit: ## the tests in Rust
	$(CARGO) test --locked

.PHONY: agent-program
agent-program: ## the agent as it is shipped
	$(STATIC) $(CARGO) build --locked --profile agent --target $(TARGET) \
	  --no-default-features --features agent --bin eidos-agent

.PHONY: programs
programs: ## server and command line, static
	$(STATIC) $(CARGO) build --release $(RELEASE) --bin eidos-api-server --bin eidos

.PHONY: agent
agent: agent-program ## the agent alone: with its own feature, static, small
	$(CARGO) test --locked --no-default-features --features agent
	ldd $(AGENT) 2>&1 | grep -qE 'statically linked|not a dynamic executable'
	test "$$(stat -c %s $(AGENT))" -le $(AGENT_MOST_BYTES)
	EIDOS_AGENT_BIN=$(AGENT) $(CARGO) test --locked --test tests agent::

.PHONY: faults
faults: programs ## what takes too long for tests: floods, crowds, terminations; five minutes
	@test -e /usr/lib/*/faketime/libfaketime.so.1 || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends faketime; }
	$(CARGO) build --locked --bin eidos-api-server
	EIDOS_SERVER_BIN=$(PROGRAMS)/eidos-api-server python3 -B loadtest/faults/run.py

.PHONY: fuzz
fuzz: $(OUTSIDE)/bin/cargo-fuzz ## libFuzzer looks for what no test thought of; FUZZ_SECONDS each
	@for target in $(FUZZ_TARGETS); do \
	  mkdir -p target/fuzz/corpus/$$target target/fuzz/found && \
	  CARGO=$(CARGO) $< run $$target --fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none \
	    --features server target/fuzz/corpus/$$target tests/fuzz/corpus/$$target -- \
	    -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=30 -rss_limit_mb=2048 \
	    -artifact_prefix=target/fuzz/found/$$target- -print_final_stats=1 || exit 1; \
	done

.PHONY: history
history: ## compare the rules with every earlier state of them
	$(CARGO) test --release --locked --test tests -- history

.PHONY: counts
counts: ## is the hot path as short as it was; UPDATE=1 stores what it is
	$(call installed,$(COUNTS))
	python3 loadtest/counts.py $(if $(UPDATE),--update)

.PHONY: loadtest
loadtest: ## compare with nginx, some twenty minutes; writes loadtest/REPORT.md
	$(call installed,$(LOADTEST))
	python3 loadtest/run.py --rounds $(ROUNDS) --seconds $(SECONDS)

.PHONY: licences
licences: $(OUTSIDE)/bin/cargo-deny ## licences, sources and bans of dependencies
	$(OUTSIDE)/bin/cargo-deny --locked check --hide-inclusion-graph bans licenses sources

.PHONY: outside
outside: tools cluster agent-program programs $(OUTSIDE)/bin/cargo-cyclonedx ## server, agent and command line as their users use them
	EIDOS_AGENT_BIN=$(AGENT) EIDOS_BIN=$(PROGRAMS)/eidos \
	  EIDOS_SERVER_BIN=$(PROGRAMS)/eidos-api-server \
	  $(PYTHON) -m pytest -q -p no:cacheprovider tests/outside

.PHONY: cluster
cluster: ## an API server, a Prometheus with discovery and helm, built once
	@mkdir -p $(GO_TOOLS)
	GOBIN=$(GO_TOOLS) go install $(HELM)
	cd tests/outside/cluster && go build -o $(GO_TOOLS)/etcd go.etcd.io/etcd/server/v3
	cd tests/outside/cluster && go build -o $(GO_TOOLS)/ k8s.io/kubernetes/cmd/kube-apiserver
	rm -rf $(GO_TOOLS)/source
	cp -r "$$(go mod download -json $(PROMETHEUS) | jq -r .Dir)" $(GO_TOOLS)/source
	chmod -R u+w $(GO_TOOLS)/source
	cd $(GO_TOOLS)/source && go build -o $(GO_TOOLS)/ ./cmd/prometheus ./cmd/promtool
	rm -r $(GO_TOOLS)/source

.PHONY: expect
expect: ## rewrite generated files that the tests compare
	UPDATE_EXPECT=1 $(CARGO) test --locked --lib schema
	UPDATE_EXPECT=1 $(CARGO) test --locked --test tests -- contract golden

.PHONY: tools
tools: $(OUTSIDE)/installed ## install what the outside tests use
	$(call installed,$(DEBIAN))

$(OUTSIDE)/installed: tests/outside/requirements.txt
	@echo "installing the packages of $<"
	@python3 -c 'import ensurepip' 2> /dev/null || \
	  { apt-get update -qq && apt-get install -y -qq python3-venv; }
	python3 -m venv $(OUTSIDE)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

$(OUTSIDE)/bin/cargo-deny:
	@echo "installing cargo-deny $(DENY_VERSION)"
	$(INSTALL) cargo-deny --version $(DENY_VERSION)

$(OUTSIDE)/bin/cargo-cyclonedx:
	@echo "installing cargo-cyclonedx $(CYCLONEDX_VERSION)"
	$(INSTALL) cargo-cyclonedx --version $(CYCLONEDX_VERSION)

$(OUTSIDE)/bin/cargo-fuzz:
	@echo "installing cargo-fuzz $(FUZZ_VERSION)"
	$(INSTALL) cargo-fuzz --version $(FUZZ_VERSION)
