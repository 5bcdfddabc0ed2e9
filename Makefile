# Everything a person does here. Two of them are all a fresh machine needs: make run, make test.
SHELL := /bin/sh
.DEFAULT_GOAL := help

# The first Python that will do; the environment then holds exactly what uv.lock says.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { echo $$p; break; }; done)
UV_VERSION := 0.13.9
UV := .local/uv/bin/uv
PY := .venv/bin/python
READY := .venv/.as-locked
# Workers for the tests: as many as there are cores, up to four.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); [ $$n -gt 4 ] && n=4; echo $$n)

export PRACTICES MONTHS ONCE BACKEND FAULTS SEED KINDS STEPS SECONDS

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 14

run: $(READY) ## the platform on this machine, fed and live (ONCE=1: once, reconciled, then stop)
	@exec $(PY) -m libs.local.run

test: $(READY) ## every test, on real Kafka and PostgreSQL
	@$(PY) -m pytest -n $(WORKERS) --no-loadscope-reorder $(ARGS)

check: $(READY) ## format, lint, types, imports, contracts: what needs no server
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/pyright
	@.venv/bin/lint-imports
	@$(PY) -m libs.events.catalogue check

bench: $(READY) ## the speeds, as ratios measured side by side
	@$(PY) -m tests.bench $(ONLY)

chaos: $(READY) ## faults on a cluster of its own: nothing lost, doubled, reordered (FAULTS=200 SEED=…)
	@$(PY) -m tests.chaos

fuzz: $(READY) ## billing's books against a pencil, X12 readers against mutants (STEPS=… DATABASE_STEPS=… SECONDS=…)
	@$(PY) -m tests.fuzz

contracts: $(READY) ## write the JSON Schemas and the AsyncAPI document from the contracts
	@$(PY) -m libs.events.catalogue write

down: $(READY) ## stop what an earlier run left (WIPE=1: and remove its data)
	@$(PY) -m libs.local.backends down $(if $(WIPE),--wipe)
	@$(if $(WIPE),rm -rf .local/home .local/once-* .local/run.json)

doctor: $(READY) ## what this machine lacks, and the fix
	@$(PY) -m libs.local.doctor

browser: $(READY) ## a Chromium for the browser tests, where there is none
	@$(PY) -m tests.browser install

setup: $(READY) ## the Python environment, as locked

$(READY): uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@

$(UV):
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; install one and try again." >&2; exit 1; }
	@echo "Setting up the Python environment …"
	@$(PYTHON) -m venv .local/uv || { echo "Python's venv module is needed (Debian: apt-get install python3-venv)." >&2; exit 1; }
	@.local/uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.PHONY: help run test check bench chaos fuzz contracts down doctor browser setup
