# Every target works in a fresh clone that has git, make and Python 3.11 or later with venv.
# The package is installed into .venv in editable form; a stamp there spares the next run the work.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable
DECLARED := pyproject.toml detector/_version.py

# The texts of the corpora are not part of the repository: training and measuring need them.
CORPORA := $(or $(DETECTOR_CORPORA),$(abspath $(wildcard ../shared/corpora)))
MODEL ?= build/model

export PYTHONUTF8 := 1
unexport PYTHONPATH  # another copy of the package must not be the one that is tested

.DEFAULT_GOAL := help
.PHONY: help demo test lint types extras engines notebooks wheel gate train evaluate clean

help:  ## List the targets.
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' Makefile | while read -r name words; do printf '%-10s %s\n' "$$name" "$$words"; done

demo: $(VENV)/.base  ## Install the package, score four articles and explain one.
	@echo '$$ detector score detector/examples'
	@$(BIN)/detector score detector/examples
	@echo
	@echo '$$ detector explain detector/examples/mixed.txt'
	@$(BIN)/detector explain detector/examples/mixed.txt

test: $(VENV)/.test  ## Run the tests; ARGS="-k name" or ARGS="-m slow" goes to pytest.
	$(BIN)/python -m pytest $(ARGS)

lint: $(VENV)/.test  ## Check the style of the code.
	$(BIN)/ruff check .

types: $(VENV)/.test  ## Check the types.
	$(BIN)/mypy

extras: $(VENV)/.extras  ## Test the service, the page and the report in Chromium, documents, pictures, pre-commit.
	$(BIN)/python -m pytest -rs -m "slow or not slow" tests/browser tests/test_server.py tests/test_server_failures.py \
	    tests/test_documents.py tests/test_plot.py tests/test_html_report.py tests/test_pre_commit.py

engines: $(VENV)/.engines  ## Test Parquet, resuming, Spark, Ray and DuckDB themselves (Spark needs Java 17).
	$(BIN)/python -m pytest -rs -m "slow or not slow" tests/engines tests/test_arrow.py tests/test_parquet.py tests/test_resume.py

notebooks: $(VENV)/.notebook  ## Run the notebooks from top to bottom.
	$(BIN)/python -m pytest -rs tests/test_notebooks.py

wheel: $(VENV)/.base  ## Build the wheel and score with it, to see that nothing is missing from it.
	rm -rf build/lib build/bdist.* build/unpacked dist
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir dist .
	$(BIN)/python -m zipfile -e dist/*.whl build/unpacked
	cd build/unpacked && PYTHONPATH=. ../../$(BIN)/python -m detector score detector/examples

gate: $(VENV)/.base  ## Retrain on fixed folds and compare with the floors (needs the corpora).
ifeq ($(CORPORA),)
	@echo "gate: skipped, because there are no corpora; set DETECTOR_CORPORA to the folder that holds them"
else
	DETECTOR_CORPORA="$(CORPORA)" $(BIN)/detector evaluate --gate
endif

train: $(VENV)/.base  ## Train a model into MODEL=build/model (from data/ alone without the corpora).
	$(BIN)/detector train --data data $(if $(CORPORA),--corpora "$(CORPORA)") -o "$(MODEL)"

evaluate: $(VENV)/.base  ## Measure the heads anew (on the stories alone without the corpora).
	$(BIN)/detector evaluate --data data $(if $(CORPORA),--corpora "$(CORPORA)")

clean:  ## Remove what the other targets made.
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON); install Python 3.11 or later, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or later is needed and $(PYTHON) is " + v + "; name another: make PYTHON=python3.12")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments; install its venv module (Debian: apt install python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(DECLARED) | $(BIN)/python
	$(INSTALL) .
	@touch $@

$(VENV)/.test: $(DECLARED) | $(BIN)/python
	$(INSTALL) '.[test]'
	@touch $@ $(VENV)/.base

$(VENV)/.extras: $(DECLARED) | $(BIN)/python
	$(INSTALL) '.[test,server,documents,plot]' playwright httpx
	@touch $@ $(VENV)/.test $(VENV)/.base

$(VENV)/.engines: $(DECLARED) | $(BIN)/python
	$(INSTALL) '.[test,html,spark,ray]' duckdb
	@touch $@ $(VENV)/.test $(VENV)/.base

$(VENV)/.notebook: $(DECLARED) | $(BIN)/python
	$(INSTALL) '.[test,notebook]'
	@touch $@ $(VENV)/.test $(VENV)/.base
