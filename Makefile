# Needs Python 3.11 or newer and make, nothing else. `make` alone lists what there is.
#
# PYTHON=/path/to/python3    which Python makes .venv (default: the first one that is new enough)
# PORT=3100                  where `make demo` listens
# DEMO_ARGS="--toolsets mail" more options for the demo server
# TEST_ARGS="-k mail"        more options for pytest
# UPGRADE=1                  lets `make lock` move every pin to the newest release that fits

SHELL := /bin/sh
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
RUNTIME := $(VENV)/.ready-runtime
DEV := $(VENV)/.ready-dev

# An environment that does not start is set up again, whatever its stamps say.
ifneq ($(shell $(BIN)/python -c "import pip" >/dev/null 2>&1 && echo works),works)
.PHONY: $(RUNTIME) $(DEV)
endif

find_python = \
	for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11 python; do \
		[ -n "$$python" ] || continue; \
		"$$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1 && break; \
		[ "$$python" != "$(PYTHON)" ] || { echo "PYTHON=$$python is not a Python 3.11 or newer." >&2; exit 1; }; \
		python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "No Python 3.11 or newer was found. Install one, or name it: make PYTHON=/path/to/python3" >&2; \
		echo "Debian and Ubuntu: apt-get install python3 python3-venv    macOS: brew install python" >&2; \
		exit 1; \
	fi

.DEFAULT_GOAL := help
.PHONY: help demo setup test test-clients check lock format clean

help: ## List what make can do
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F '|' '{ printf "%-14s %s\n", $$1, $$2 }'

demo: $(RUNTIME) ## Start the server on the demo tenant: no account needed, nothing leaves this machine
	@$(BIN)/python server.py --demo --transport http $(if $(PORT),--port $(PORT)) $(DEMO_ARGS)

setup: $(DEV) ## Make .venv with everything that running, testing and checking need

test: $(DEV) ## Run the whole test suite and hold the coverage gate
	@COVERAGE_FILE="$(CURDIR)/$(VENV)/.coverage" $(BIN)/python -m pytest --quiet --numprocesses auto --cov --cov-report=term $(if $(TEST_ARGS),--cov-fail-under=0) $(TEST_ARGS)

test-clients: ## Run Microsoft's own Graph clients, in Python and JavaScript, against the emulator
	@$(find_python); "$$python" tests/clients/run.py

check: $(DEV) ## Check format, lint, types, security, lock files, architecture and known vulnerabilities
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary . scripts/lock scripts/audit scripts/fidelity
	@$(BIN)/bandit --quiet --configfile pyproject.toml --recursive . scripts/lock scripts/audit scripts/fidelity
	@$(BIN)/python scripts/lock --check
	@$(BIN)/python -m pytest --quiet tests/test_architecture.py $(wildcard tests/test_budget.py)
	@$(BIN)/python scripts/audit

lock: $(DEV) ## Compile pyproject.toml into the two hashed requirements files
	@$(BIN)/python scripts/lock $(if $(UPGRADE),--upgrade)

format: $(DEV) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

clean: ## Remove .venv and every cache
	@rm -rf $(VENV) .venv-clients tests/clients/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(DEV): requirements-dev.txt scripts/setup.py
	@$(find_python); "$$python" scripts/setup.py requirements-dev.txt

$(RUNTIME): requirements.txt scripts/setup.py
	@$(find_python); "$$python" scripts/setup.py requirements.txt
