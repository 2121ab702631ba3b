# Tillit. `make demo` and `make test` work on a fresh Debian machine with python3, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SIZE ?= small
# Address of the package index and the like come from the machine's own pip configuration, never from here.
PIP := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: demo serve test check bench clauses requirements translations docs clean help
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo          serve everything with sample data on http://127.0.0.1:8000 (PORT= changes it)
demo: $(VENV)/.installed build/frontend
	@TILLIT_PORT=$(PORT) exec $(BIN)/tillit demo

## make serve         the same without the sample
serve: $(VENV)/.installed build/frontend
	@TILLIT_PORT=$(PORT) exec $(BIN)/tillit serve

## make test          run every test, browser tests included, on every core (PYTEST= adds options; -n0: on one)
# Handed out one by one and in order: browser tests come last for each worker, and all of them end together.
SHARED := --numprocesses=logical --maxprocesses=4 --dist=load --maxschedchunk=1
test: $(VENV)/.installed-test build/frontend
	@$(BIN)/python tests/chromium.py
	$(BIN)/python -m pytest -q $(SHARED) $(PYTEST)

## make check         style, types, layers, declarations, migrations
check: $(VENV)/.installed-test build/frontend
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/architecture

## make bench         measure, with a baseline in the same run (SIZE=large in full)
bench: $(VENV)/.installed-test build/frontend
	$(BIN)/python -m bench --size $(SIZE)

## make clauses       the promises, and the tests that prove them
clauses: $(VENV)/.installed-test
	@$(BIN)/python -m tests.clauses

## make requirements  compile requirements/*.txt from pyproject.toml
COMPILE := $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host --no-emit-find-links
requirements: $(VENV)/.installed-test
	$(PIP) install --quiet pip-tools
	$(COMPILE) -o requirements/base.txt pyproject.toml
	$(COMPILE) --extra test --extra bench -c requirements/base.txt -o requirements/test.txt pyproject.toml

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tillit needs Python 3.11 or newer, and $(PYTHON) is older. Try: make PYTHON=python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { rm -rf $(VENV); \
	  echo "Python's venv module is missing; installing it."; \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -qq -y python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
	  || { echo "Could not make a virtual environment. Install it first: sudo apt-get install python3-venv"; exit 1; }; }

$(VENV)/.installed: requirements/base.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing Tillit into $(VENV) …"
	@$(PIP) install --quiet --require-hashes -r requirements/base.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-test: requirements/test.txt pyproject.toml | $(VENV)/.installed
	@echo "Installing what the tests need …"
	@$(PIP) install --quiet --require-hashes -r requirements/test.txt
	@touch $@

build/frontend: $(VENV)/.installed $(shell find frontend tillit/locale -type f -not -path '*/node_modules/*' 2>/dev/null)
	@$(BIN)/python -m tillit.conf.frontend
	@$(BIN)/python -m tillit.conf.translations
	@mkdir -p build && touch $@

clean:
	rm -rf $(VENV) build tillit/console/static/built frontend/node_modules
