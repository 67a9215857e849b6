# make demo: set up with pip alone, run the main job, say where the report is.
# make test: set up, run every check and test (what CI runs).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
DEVELOPMENT := $(VENV)/.development

.PHONY: demo test check bench examples clean

demo: $(RUNTIME)
	@mkdir -p out
	$(BIN)/truecost plan examples/consumer-assistant.yaml --html out/consumer-assistant.html
	@echo
	@echo "The report is out/consumer-assistant.html: open it in a browser."

test: check
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: $(DEVELOPMENT)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

bench: $(RUNTIME)
	$(BIN)/python bench/plan.py
	$(BIN)/python bench/training.py
	$(BIN)/python bench/replay.py
	$(BIN)/python bench/ledger.py

examples: $(RUNTIME)
	@mkdir -p out
	@for plan in $$(grep -L '^model:' examples/*.yaml); do \
	  $(BIN)/truecost plan $$plan --html out/$$(basename $$plan .yaml).html > out/$$(basename $$plan .yaml).txt || exit 1; \
	  echo "out/$$(basename $$plan .yaml).html"; \
	done

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("truecost needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(DEVELOPMENT): $(RUNTIME)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@sh scripts/install_test_tools.sh
	@touch $@

clean:
	rm -rf $(VENV) out build dist
