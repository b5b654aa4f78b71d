# Two commands for a newcomer: `make run` and `make test`. Plain `make` lists the rest.

.DEFAULT_GOAL := help
.PHONY: help setup run tools test test-slow chaos chaos-guards check format-check lint imports types shape fix bench lock

BIN := .venv/bin
READY := .venv/.ready
# uv is used where it is found; otherwise Python's own venv and pip do the same from the same file.
UV := $(shell command -v uv 2>/dev/null)
# The first Python that is new enough; override with `make setup PYTHON=/path/to/python`.
PYTHON ?= $(shell for candidate in python3 python3.13 python3.12 python3.11; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$candidate; break; }; done)
# More words for pytest: `make test ARGS="tests/domain -x"`.
ARGS ?=
# `make lock UPGRADE=1` moves every pin to the newest allowed; without it pins stay where they can.
COMPILE = uv pip compile --quiet $(if $(UPGRADE),--upgrade) --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command "make lock"

help: ## List these targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' \
		| while IFS="$$(printf '\t')" read -r name line; do printf '  make %-12s %s\n' "$$name" "$$line"; done

setup: $(READY) ## Make .venv with every locked dependency (does nothing when it is up to date)

# pip refuses hashes and a local project in one call: locked dependencies first, then the project alone.
$(READY): pyproject.toml requirements/dev.txt
	@if [ -z "$(UV)" ] && [ -z "$(PYTHON)" ]; then \
		echo "setup: needs Python 3.11 or newer; name one with: make setup PYTHON=/path/to/python" >&2; exit 1; fi
ifneq ($(UV),)
	@test -x $(BIN)/python || "$(UV)" venv --quiet --python "$(or $(PYTHON),>=3.11)" .venv
	"$(UV)" pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	"$(UV)" pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
else
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || "$(PYTHON)" -m venv --clear .venv || { \
		echo "setup: $(PYTHON) cannot make a virtual environment (on Debian: apt install python3-venv)" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endif
	@touch $(READY)

run: setup ## Start everything, score the sample leads, show them; Ctrl-C stops it
	$(BIN)/gardenos demo

tools: setup ## Fetch what tests need and no Python package brings (pgBackRest, from Debian)
	$(BIN)/python -m tests.debian_tools

test: setup ## Run every test but the slow ones
	$(BIN)/pytest -m "not slow" $(ARGS)

test-slow: setup ## Run the slow tests
	$(BIN)/pytest -m slow --timeout 900 $(ARGS)

check: format-check lint imports types shape ## Format, lint, layers, types, shape (all of them: make -k check)

format-check: setup
	$(BIN)/ruff format --check --quiet .

lint: setup
	$(BIN)/ruff check --quiet .

imports: setup
	$(BIN)/lint-imports

types: setup
	$(BIN)/mypy

shape: setup
	$(BIN)/pytest --quiet tests/shape

fix: setup ## Format, and mend what the linter can mend
	$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: setup ## Run the benchmarks; each prints one JSON line
	@for file in benchmarks/[a-z]*.py; do \
		[ -e "$$file" ] || { echo "bench: no benchmark yet" >&2; break; }; \
		$(BIN)/python -m "benchmarks.$$(basename "$$file" .py)" || exit 1; done

lock: setup ## Remake the pinned, hashed requirements (UPGRADE=1 takes the newest allowed)
	$(BIN)/$(COMPILE) --group dev -o requirements/dev.txt pyproject.toml
	$(BIN)/$(COMPILE) --constraints requirements/dev.txt -o requirements/runtime.txt pyproject.toml
	$(BIN)/$(COMPILE) --constraints requirements/dev.txt --group sidecar -o requirements/sidecar.txt
	$(BIN)/$(COMPILE) --constraints requirements/dev.txt --group postgres -o requirements/postgres.txt
	$(BIN)/$(COMPILE) --constraints requirements/dev.txt --group build -o requirements/build.txt

# 500 faults take about an hour; the seed makes the same schedule again.
FAULTS ?= 60
SEED ?= 1

chaos: setup ## Kill, freeze and cut off under load; FAULTS=500 SEED=7 for the long run
	$(BIN)/python -m tests.system.chaos --faults $(FAULTS) --seed $(SEED)

chaos-guards: setup ## Take each guard out once and see the chaos suite fail
	$(BIN)/pytest -m slow --timeout 900 tests/system/chaos/test_guards.py
