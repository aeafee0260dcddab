# Everything a person does here is a target; `make` alone lists them. CI runs `make test` and nothing else.
# Each first makes sure that what it needs is installed, which costs nothing when it is.

BIN := .venv/bin
STEP := scripts/step.sh
SQL := $(BIN)/sqlfluff
SHELL := /bin/bash
# One failed check does not hide the others; the exit status is still a failure.
MAKEFLAGS += --keep-going
.NOTPARALLEL:
# Python keeps what it compiles, also where the caller's shell says otherwise: hundreds of programs are started here.
export PYTHONDONTWRITEBYTECODE :=
# One more than there are cores in small machines of CI: a third works while one waits for a server to come up.
# A file of tests is done by one process, so that what its tests share is made once.
SHARED := -n 3 --dist loadfile --no-loadscope-reorder
.DEFAULT_GOAL := help

.PHONY: help
help: ## This list
	@echo 'Regulars: a loyalty platform for retailers. From a fresh clone, start with `make demo`.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'Examples: make demo ARGS=--fast · make unit ARGS="-k ledger -n 0" · make fmt lint types'

.PHONY: demo
demo: ## Install, replay a grocer's year, print the report, serve (ARGS=--fast, --no-serve, ...)
	@scripts/setup.sh run
	@scripts/web.sh build || printf 'web: the pages could not be built; everything else is served without them.\n'
	@$(BIN)/regulars demo $(ARGS)

# --- checks ----------------------------------------------------------------------------------------------------------

.PHONY: test
test: setup fmt-check lint imports static unit smoke ## Every check there is: what CI runs
	@printf '\nEvery check passed.\n'

.PHONY: setup
setup: ## Install what the checks need into .venv
	@scripts/setup.sh dev

.PHONY: fmt
fmt: setup ## Lay out Python and SQL the house's way, and mend what can be mended
	@$(STEP) 'fmt: python' $(BIN)/ruff check --fix-only --quiet .
	@$(STEP) 'fmt: layout' $(BIN)/ruff format .
	@$(STEP) 'fmt: sql' $(SQL) fix --quiet --processes 2 src

.PHONY: fmt-check
fmt-check: setup
	@$(STEP) 'format (make fmt mends it)' $(BIN)/ruff format --check .

.PHONY: lint
lint: setup ## Find mistakes and bad habits in Python (ruff, every rule but a few)
	@$(STEP) lint $(BIN)/ruff check .

# The one has one core to itself, and the others the other.
.PHONY: static
static: setup
	@MAKE='$(MAKE)' scripts/beside.sh types 'sql audit web'

.PHONY: types
types: setup ## Check types, strictly in src (basedpyright)
	@$(STEP) types $(BIN)/basedpyright

.PHONY: imports
imports: setup ## Check that imports run downhill (import-linter)
	@$(STEP) imports $(BIN)/lint-imports --no-logo

.PHONY: sql
sql: setup ## Check the layout of SQL (sqlfluff)
	@$(STEP) sql $(SQL) lint --processes 2 --disable-progress-bar src

.PHONY: audit
audit: setup ## Look for known holes in what we depend on, and for secrets in what we wrote (ARGS=--accept)
	@$(STEP) audit $(BIN)/python scripts/audit.py $(ARGS)

.PHONY: web
web: setup ## Build console, member app and register, and check their types, style and words
	@$(STEP) 'pages: types, lint, words, build' scripts/web.sh check

.PHONY: test-web
test-web: setup web ## Walk the pages in a real browser, in both languages
	@scripts/chromium.sh
	@$(STEP) 'pages in a browser' $(BIN)/pytest $(SHARED) tests/web tests/pages $(ARGS)

.PHONY: screens
screens: setup web ## Photograph every screen at three widths into docs/screens
	@scripts/chromium.sh
	@$(BIN)/python -m tests.web.screens $(ARGS)

.PHONY: unit
unit: setup web ## Run the tests on a real PostgreSQL (ARGS='-k ledger -n 0')
	@scripts/chromium.sh
	@$(STEP) tests $(BIN)/pytest $(SHARED) $(ARGS)

.PHONY: smoke
smoke: setup ## Run the smoke tests on Debian's PostgreSQL 15, the oldest we promise
	@$(STEP) 'smoke on PostgreSQL 15' scripts/smoke-debian.sh

# --- upkeep ----------------------------------------------------------------------------------------------------------

.PHONY: lock
lock: setup ## Pin the dependencies of pyproject.toml with hashes (ARGS=--upgrade takes newer ones)
	@scripts/lock.sh $(ARGS)

.PHONY: clean
clean: ## Remove what tools left behind; keeps .venv and the data
	@rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# --- proof -----------------------------------------------------------------------------------------------------------

.PHONY: test-invariants
test-invariants: setup ## Only what proves the ledger: the model, many clients at once, faults, deliberate bugs
	@$(STEP) invariants $(BIN)/pytest $(SHARED) tests/invariants tests/faults $(ARGS)

.PHONY: mutants
mutants: setup ## Make small mistakes in ledger and limits, and see that tests notice: an hour (ARGS='limits/ --survivors')
	@nice -n 15 $(BIN)/python -m tests.mutation $(ARGS)

.PHONY: drill
drill: setup ## Five tills sell 2,000 baskets while server and tills are killed: some minutes (ARGS='--short --seed 1')
	@PYTHONPATH=clients/till/src $(BIN)/python -m drill $(ARGS)

.PHONY: bench
bench: setup ## How fast it is, beside what bounds it: 40 minutes (ARGS=--quick, ARGS='--only B1 --rounds 3')
	@scripts/wrk.sh
	@$(BIN)/python -m bench $(ARGS)

.PHONY: bench-guard
bench-guard: setup ## Compare the latest figures of `make bench` with the baseline, before a release
	@$(BIN)/python -m bench --guard

.PHONY: bench-till
bench-till: setup ## What a till waits for at 100, 300 and 600 requests/s: six minutes (ARGS='--rates 100 --seconds 10')
	@scripts/wrk.sh
	@$(BIN)/python bench/till.py $(ARGS)

# One at a time, and not hidden in a step: seeds and figures are shown as they come.
.PHONY: soak
soak: setup ## The same for an hour or more, with seeds and figures (ARGS='-k history', REGULARS_TEST_SEED=...)
	@REGULARS_TEST_SEED=$${REGULARS_TEST_SEED:-$$(date +%s)} $(BIN)/pytest -m soak -n 0 -s -v --durations=0 tests/invariants tests/faults tests/secrets $(ARGS)
