# Every target sets up what it needs; the stamp makes that quick when nothing changed.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo run test check bench docs pictures setup clean
demo: $(STAMP) ## the whole loop on shipped sample feeds, over real HTTP on loopback
	$(BIN)/monitor demo
run: $(STAMP) ## the daemon, with ./feeds.yaml
	$(BIN)/monitor run
test: $(STAMP) ## the whole suite
	$(BIN)/pytest
check: $(STAMP) ## lint, format, types, floors
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
bench: $(STAMP) ## the benchmarks, with their peers
	$(BIN)/python -m bench
docs: $(STAMP) ## the documentation as a site, and the man page, in out/docs
	$(BIN)/python -m docs.publish out/docs
pictures: $(STAMP) ## the pictures of the guide, anew; needs Chromium
	$(BIN)/python docs/pictures.py
setup: $(STAMP)
clean:
	rm -rf $(VENV) build dist *.egg-info

$(STAMP): pyproject.toml constraints.txt
	command -v $(PYTHON) >/dev/null || { echo "need Python 3.11: set PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $(STAMP)
