# Everything is installed into an environment of its own; Python and make are all that must be there.
#   PYTHON=python3.12   the interpreter to make the environment with
#   AIRFLOW=3.1         another release of Airflow: 3.1, 3.2 or 3.3
#   PYTHONS="python3.11 python3.13"   (constraints) all that are supported, the oldest first
#   TARGET=...          (test-matrix) another target than test, one that ends with pytest
#   DEFERRABLE=1        (demo) let all waits be deferred
#   SIMULATE=1          (demo) change nothing, and say what would be done

PYTHON ?= python3
PYTHONS ?= $(PYTHON)
AIRFLOW ?= 3.3

NEWEST := 3.3
OLDER := $(filter-out $(NEWEST),$(AIRFLOW))
VENV ?= .venv$(OLDER:%=-%)
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BROWSER := $(VENV)/.browser
FLEET := $(VENV)/.fleet
STORES := $(VENV)/.stores
DOCS := $(VENV)/.docs
PINS := constraints/airflow-$(AIRFLOW).txt
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --constraint $(PINS)

# More than there are cores on a small machine: many tests wait for a service.
WORKERS ?= 3

# What make test leaves to make test-slow; tests/support/slow_tests.py names it.
SLOW := (live or browser or fleet or stores or chaos or generated or sdist or measuring)
# All tests of a file run in one process, in the order of the files: what the file has prepared for them is
# prepared once, such as an Airflow. Where they share nothing, each may run in any (tests/support/slow_tests.py).
BESIDE := --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# Where the tests are that wait, and those that measure: to read all others takes each process half a minute.
WAITING := tests/adversary tests/chaos tests/dags tests/docs tests/live tests/log tests/test_sdist.py
MEASURING := tests/adversary tests/benchmarks
# What all but the generated tests need not load, which takes longer than many of them: schemathesis, and what it
# generates; and the plugin of anyio, which looks at every fixture and which no test uses.
LIGHT := -p no:schemathesis -p no:anyio --ignore tests/contracts/test_contract_sandbox.py

# Tests start Python about thirty times. Without byte code each start would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo demo-simulated demo-all sandbox ui test test-all test-slow test-stores test-browser test-fleet test-live-busy sabotage test-matrix lint types imports chaos bench coverage constraints docs newcomer dist clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /:/' | awk -F: '{ printf "make %-12s %s\n", $$1, $$2 }'

setup: $(READY) ## install everything into .venv (demo, ui, test and the rest do it too)

$(READY): pyproject.toml $(PINS)
	@echo "Installing into $(VENV) for Airflow $(AIRFLOW); the first time this takes a minute or two ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=...")'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) pip
	@$(PIP) --group dev --group bench
	@$(PIP) --no-build-isolation --editable '.[sandbox,audience]'
	@touch $@

demo: setup ## run the example DAG on a real Airflow against the sandbox, and check what it did
	@$(BIN)/python -m scripts.demo $(if $(DEFERRABLE),--deferrable) $(if $(SIMULATE),--simulate)

# For make test-all, which can make a target once only.
demo-simulated: setup
	@$(BIN)/python -m scripts.demo --simulate

demo-all: setup ## run all example DAGs, in both modes, and check what they did
	@$(BIN)/python -m scripts.demo_all

newcomer: setup ## follow the first pages in an empty folder, with nothing but the wheel
	@$(BIN)/python -m scripts.newcomer

sandbox: setup ## serve the four services alone, on a loopback port
	@$(BIN)/python -m airflow_provider_activation.sandbox

ui: setup ## bring up Airflow with its web pages, the example DAGs and the sandbox
	@$(BIN)/python -m scripts.ui

# Style, types and imports are checked with the newest Airflow only.
test: setup $(if $(OLDER),,lint types imports) ## check style, types and imports, and run the fast tests
	$(BIN)/python -m pytest $(BESIDE) $(LIGHT) -m "not $(SLOW)"

test-all: test docs demo demo-simulated demo-all newcomer sabotage test-slow test-stores test-browser test-fleet ## all of it: make test, the site, the demos, the first pages, broken lines, the slow tests, real servers, Airflow's pages

test-slow: setup ## the tests that make test leaves out: a running Airflow, generated requests, chaos
	$(BIN)/python -m pytest --numprocesses logical -m generated
	$(BIN)/python -m pytest $(BESIDE) $(LIGHT) -m "live or chaos or sdist" $(WAITING)
	$(BIN)/python -m pytest $(LIGHT) -m measuring $(MEASURING)

# What reaches object storage is installed on top, too.
$(STORES): $(READY)
	@$(PIP) --group stores
	@touch $@

test-stores: $(STORES) ## read and write on real databases and servers of files
	$(BIN)/python -m pytest tests/stores

# What builds the site adds packages and changes none.
$(DOCS): $(READY)
	@$(PIP) --group docs
	@touch $@

# Playwright is installed on top for these tests alone; the browser is Debian's, and nothing is downloaded.
$(BROWSER): $(READY)
	@$(PIP) --group browser
	@touch $@

test-browser: $(BROWSER) ## use Airflow's pages as a person does, in a browser
	$(BIN)/python -m pytest tests/browser

# Celery is installed on top for these tests alone: nothing else needs it, and it changes no other package.
$(FLEET): $(READY)
	@$(PIP) --group fleet
	@touch $@

test-fleet: $(FLEET) ## run 200 tasks on Celery workers of which some are killed
	$(BIN)/python -m pytest tests/fleet -s

sabotage: $(STORES) ## break guarded lines of the package in a copy, and see that tests notice
	@$(BIN)/python -m scripts.sabotage

test-live-busy: setup ## run the tests on a running Airflow beside six busy processes
	$(BIN)/python -m scripts.busy $(BIN)/python -m pytest tests/live

test-matrix: ## do make test with each Airflow on each Python that is here, and print a table
	@$(PYTHON) scripts/matrix.py $(if $(TARGET),--target $(TARGET))

lint: setup ## check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup ## check types
	$(BIN)/mypy --num-workers 2

imports: setup ## check which part may import which
	$(BIN)/lint-imports

chaos: setup ## break every call that is sent once at every point, and count what went wrong
	@$(BIN)/python -m tests.chaos

bench: setup ## measure imports, operators, calls, waits and audiences beside others, against the budgets
	@$(BIN)/python -m benchmarks

coverage: setup ## write docs/coverage.md, .airflow-registry.yaml, and parts of other pages from the code
	@$(BIN)/python tests/support/coverage_page.py
	@PYTHONPATH=tests/support $(BIN)/python tests/support/reliability_table.py
	@$(BIN)/python tests/support/audience_page.py
	@PYTHONPATH=tests/support $(BIN)/python tests/support/task_pages.py
	@PYTHONPATH=tests/support $(BIN)/python tests/support/registry_file.py

constraints: ## resolve the newest of everything for each Airflow, and write it down
	$(PYTHON) scripts/constraints.py $(PYTHONS:%=--python %) 3.1 3.2 3.3

docs: $(DOCS) ## build the site into docs/_build; a warning is an error
	$(BIN)/python -m sphinx -q -E -W --keep-going -b html docs docs/_build

dist: setup ## build wheel and sdist into dist/
	$(BIN)/python -m build --no-isolation

clean: ## remove what these targets made
	rm -rf .venv .venv-* .airflow-demo .airflow-ui build dist docs/_build .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
