# Everything a developer or a first visitor needs. Only Python 3.11+ and make have to be there.

# The first interpreter that runs and is new enough; a name on the PATH may be a shim for one that is not there.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Not compiled here: Python compiles the few modules that are ever imported when they are.
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --no-compile
# And keeps what it has compiled: many images forbid it, and each of hundreds of processes would do it again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test lint pytest format schemas lock clean check-all

demo: $(VENV)/run.stamp  ## replay the recorded incident: alert, triage, diagnosis, your approval, recovery, post-mortem
	@$(BIN)/nexus demo $(ARGS)

setup: $(VENV)/dev.stamp  ## what runs, what tests and what checks, into .venv

test: $(VENV)/dev.stamp  ## every test, the types, the style and the import contracts
	@$(MAKE) --no-print-directory -j2 pytest lint

# The tests of a module run one after the other in one process, which has started their servers once.
pytest: $(VENV)/dev.stamp
	$(BIN)/pytest -q -n auto --dist worksteal $(ARGS)

check-all: test  ## the tests, then the long series: every attack, many more examples, two hundred kills, ...
	$(BIN)/pytest -q -n auto --dist worksteal -m "long or hypothesis" --hypothesis-profile=long
	$(BIN)/python -m benchmarks.kills
	$(BIN)/python -m benchmarks.bad_days
	$(BIN)/python -m benchmarks.waiting
	$(BIN)/python -m benchmarks.telling
	test ! -d ../shared/cases || POLARS_MAX_THREADS=1 $(BIN)/python benchmarks/rca.py ../shared/cases

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

schemas: $(VENV)/run.stamp  ## write docs/schemas from the types of what verbs print
	@$(BIN)/nexus schema --out docs/schemas

lock:  ## pin the dependencies anew; needs uv
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --extra build --extra shop pyproject.toml -o constraints.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --extra build --extra dev pyproject.toml -o constraints-dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --extra build --extra aws --extra calendar --extra mariadb --extra mcp --extra notify --extra objects --extra otel --extra postgres --extra rules \
		-c constraints-dev.txt pyproject.toml -o deploy/constraints.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Nexus needs Python 3.11 or newer; name one with PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) (about a minute, once) ..."
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: constraints.txt pyproject.toml | $(VENV)/bin/python
	@$(PIP) --require-hashes -r constraints.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: constraints-dev.txt $(VENV)/run.stamp
	@$(PIP) --require-hashes -r constraints-dev.txt
	@touch $@
