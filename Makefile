PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
# One more than two cores: many tests wait for processes that they have started.
WORKERS ?= 3
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help setup run test storm check screenshots reset

help:
	@echo "make run [PORT=8000]     the product with a demo fleet, on this machine"
	@echo "make test                everything that proves it, on a private PostgreSQL"
	@echo "make storm [KILLS=1000]  plugs pulled for an hour; nothing lost or doubled"
	@echo "make check               linters, types, contracts"
	@echo "make setup               only install what \`make run\` needs"
	@echo "make screenshots         a picture of every page"
	@echo "make reset [PORT=8000]   forget the demo's data"

setup: $(VENV)/runtime.stamp

run: $(VENV)/runtime.stamp
	@VIBE_MODE=$${VIBE_MODE:-demo} exec $(BIN)/python manage.py up --port $(PORT) --tied

test: check
	@.ci/chromium
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal
	$(BIN)/python -m pytest -n 2 --dist worksteal --db=sqlite -m portable

storm: $(VENV)/dev.stamp
	$(if $(STORM),,@VIBE_STORM=1 $(BIN)/python -m pytest -q vibe_engine/tests/spotify/test_fuzzed.py)
	@$(BIN)/python -m tests.storm $(if $(KILLS),--kills $(KILLS)) $(STORM)

check: $(VENV)/dev.stamp
	@.ci/check

screenshots: $(VENV)/dev.stamp
	@.ci/chromium
	$(BIN)/python -m tests.screenshots

reset: $(VENV)/runtime.stamp
	@VIBE_MODE=demo PORT=$(PORT) $(BIN)/python manage.py reset_demo

$(VENV)/runtime.stamp: requirements.txt | $(BIN)/python
	@echo "Installing what is needed to run ..."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt requirements.txt | $(BIN)/python
	@echo "Installing what is needed to test ..."
	@$(INSTALL) -r requirements-dev.txt
	@touch $@ $(VENV)/runtime.stamp

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || \
	  { echo "Python was not found: install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is too old: Python 3.11 or newer is needed (PYTHON=... names another)."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian: python3-venv)."; exit 1; }
	@rm -f $(VENV)/*.stamp
	@$(PYTHON) -m venv $(VENV)
