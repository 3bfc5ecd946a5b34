# Opinion Desk. `make help` lists what there is; needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DESK := $(BIN)/python -m opinion_desk.desk --tethered
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes
LOCK := $(BIN)/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	--no-header --strip-extras --allow-unsafe

# Said on the command line or in the environment; `make run PORT=8001 DEMO=0`.
export PORT DEMO VAR_DIR

.PHONY: help run test lint bench screenshots train messages lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14
	@echo "Variables: PORT=8000  DEMO=0 (empty desk)  ONLY=clocks (bench)  ARGS='-k press' (test)"

run: $(VENV)/run.stamp ## the whole desk on http://127.0.0.1:8000
	@exec $(DESK) run

test: $(VENV)/dev.stamp ## the whole suite on real PostgreSQL, Valkey and Chromium
	@sh scripts/chromium.sh
	@exec $(DESK) exec -- $(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

lint: $(VENV)/dev.stamp ## ruff, mypy, import floors, migrations, deployment check
	@exec $(DESK) exec -- sh scripts/lint.sh

bench: $(VENV)/dev.stamp ## measured figures; ONLY=clocks for one
	@exec $(DESK) exec -- $(BIN)/python -m bench $(ONLY)

screenshots: $(VENV)/dev.stamp ## pictures of the screens for the documentation
	@sh scripts/chromium.sh
	@exec $(DESK) exec -- $(BIN)/python scripts/screenshots.py

train: $(VENV)/dev.stamp ## the language models anew, from the texts in DATA_DIR=…
	@test -n "$(DATA_DIR)" || { echo "Say where the training texts are: make train DATA_DIR=…"; exit 2; }
	@$(BIN)/python -m training.train_sentiment "$(DATA_DIR)" --date $$(date +%F)
	@$(BIN)/python -m training.estimate_domains "$(DATA_DIR)" --date $$(date +%F)
	@$(BIN)/python -m training.train_categories "$(DATA_DIR)" --date $$(date +%F)

messages: $(VENV)/dev.stamp ## collect msgids, update zh_Hans, make zh_Hant from it
	@$(BIN)/python scripts/messages.py update

lock: $(VENV)/dev.stamp ## pin every dependency with its hashes
	$(LOCK) --output-file requirements/prod.txt pyproject.toml
	$(LOCK) --extra embedded --constraint requirements/prod.txt --output-file requirements/run.txt pyproject.toml
	$(LOCK) --extra embedded --extra dev --constraint requirements/run.txt --output-file requirements/dev.txt pyproject.toml

clean: ## virtual environment, data and everything else that was made here
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find locale -name '*.mo' -delete
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed (make PYTHON=python3.12 …).")'
	@echo "Making the virtual environment." && $(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements/run.txt | $(VENV)/bin/python
	@echo "Installing the packages." && $(PIP) -r requirements/run.txt && touch $@

# The development set holds the other one.
$(VENV)/dev.stamp: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing the packages." && $(PIP) -r requirements/dev.txt && touch $@ $(VENV)/run.stamp
