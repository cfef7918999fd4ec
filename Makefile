# What a developer types. Each target is one script or one cargo command, so
# that it can be run without make too.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# rustup puts cargo where not every login looks.
export PATH := $(PATH):$(HOME)/.cargo/bin

PREFIX ?= /usr/local
bindir ?= $(PREFIX)/bin
mandir ?= $(PREFIX)/share/man
datadir ?= $(PREFIX)/share
CARGO_TARGET_DIR ?= target

# Every folder with a `src/main.rs` is a tool.
TOOLS := $(patsubst %/src/main.rs,%,$(wildcard */src/main.rs))
# The tools are looked for from here: in `../../../bin`.
SCRIPTS := $(wildcard scripts/*.sh)

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s  %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: ## Install, build and start what the tests need and this machine lacks
	scripts/dev/setup test

.PHONY: build
build: ## Build the tools: target/release/
	cargo build --release --locked --workspace

.PHONY: demo
demo: ## Restore a live application, deploy it, roll it back; KEEP=1 keeps it running
	scripts/dev/setup demo
	cargo build --release --locked --workspace
	scripts/dev/demo

.PHONY: check
check: ## Formatting, lints, shell scripts, dependencies
	scripts/dev/check

.PHONY: test
test: ## Set up, check, and run every test
	scripts/dev/setup test
	scripts/dev/check
	cargo test --locked --workspace

.PHONY: bench
bench: ## Measure against the rivals: scripts/dev/bench-runs/
	scripts/dev/setup bench
	cargo build --release --locked --workspace
	scripts/dev/bench

.PHONY: install
install: ## Install tools, scripts, man pages and completions: PREFIX, DESTDIR
	@for tool in $(TOOLS); do \
	  [[ -x $(CARGO_TARGET_DIR)/release/$$tool ]] || { \
	    echo "error: \`$$tool\` is not built" >&2; echo "hint: run \`make build\`" >&2; exit 2; }; \
	done
	install -d "$(DESTDIR)$(bindir)"
	install -m 0755 $(addprefix $(CARGO_TARGET_DIR)/release/,$(TOOLS)) "$(DESTDIR)$(bindir)"
	install -d "$(DESTDIR)$(datadir)/sextant/scripts"
	install -m 0755 $(SCRIPTS) "$(DESTDIR)$(datadir)/sextant/scripts"
	install -m 0644 sextant.mk "$(DESTDIR)$(datadir)/sextant"
	for page in man/*.[1-9]; do \
	  install -D -m 0644 "$$page" "$(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}"; \
	done
	for tool in $(TOOLS); do \
	  install -D -m 0644 "completions/$$tool.bash" "$(DESTDIR)$(datadir)/bash-completion/completions/$$tool"; \
	  install -D -m 0644 "completions/_$$tool" "$(DESTDIR)$(datadir)/zsh/site-functions/_$$tool"; \
	  install -D -m 0644 "completions/$$tool.fish" "$(DESTDIR)$(datadir)/fish/vendor_completions.d/$$tool.fish"; \
	done

.PHONY: uninstall
uninstall: ## Remove what `install` put there: PREFIX, DESTDIR
	rm -f $(foreach tool,$(TOOLS),"$(DESTDIR)$(bindir)/$(tool)" \
	  "$(DESTDIR)$(datadir)/bash-completion/completions/$(tool)" \
	  "$(DESTDIR)$(datadir)/zsh/site-functions/_$(tool)" \
	  "$(DESTDIR)$(datadir)/fish/vendor_completions.d/$(tool).fish")
	rm -f $(foreach script,$(SCRIPTS),"$(DESTDIR)$(datadir)/sextant/$(script)") "$(DESTDIR)$(datadir)/sextant/sextant.mk"
	-rmdir "$(DESTDIR)$(datadir)/sextant/scripts" "$(DESTDIR)$(datadir)/sextant"
	for page in man/*.[1-9]; do rm -f "$(DESTDIR)$(mandir)/man$${page##*.}/$${page##*/}"; done

.PHONY: clean
clean: ## Remove what cargo built
	cargo clean

.PHONY: clean-images
clean-images: ## Remove the images that `setup` built
	docker images --quiet --filter label=dev.sextant.context | sort -u | xargs --no-run-if-empty docker image rm --force
