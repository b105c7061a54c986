# Needs Python 3.11 or later and make, nothing else. `make` alone prints the targets.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv/bin
JOBS ?= auto
# What to give pytest: make test ARGS="-k matching"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run test test-incremental lint format types contracts check bench bench-latency bench-load bench-national bench-pages bench-sheet fuzz schema promise messages python

help: ## prints this
	@echo 'make run       starts everything and prints the address and the demo sign-ins (PORT=8000)'
	@echo 'make test-incremental  hundreds of random sequences of changes: stored results equal a full run'
	@echo 'make test      the whole test suite on throw-away servers (ARGS="-k word" for a part)'
	@echo 'make setup     makes .venv with what the program needs, and nothing else'
	@echo 'make lint      ruff: errors and format'
	@echo 'make format    ruff: repairs both where it can'
	@echo 'make types     mypy'
	@echo 'make contracts who may import whom'
	@echo 'make bench     the matcher on 10,000 firms, beside the same work in SQL'
	@echo 'make fuzz      25,000 requests made up from the OpenAPI document, and the hostile corpus everywhere (long)'
	@echo 'make schema    writes docs/openapi.json as the program serves it'
	@echo 'make promise   a release: what docs/openapi.json says now must be kept from here on'
	@echo 'make bench-load the API with 20 clients beside a run and an import; ARGS="--size national" for 450,000 firms'
	@echo 'make bench-national  a full run of the country with 4, 2 and 1 workers (ARGS="--share 0.1" for a tenth)'
	@echo 'make bench-pages  the pages on 10,000 firms: time and queries of each'
	@echo 'make bench-latency  from the commit of a change to results that readers see, by kind of change'
	@echo 'make bench-sheet  a 20,000-row sheet from upload to saved: time, memory and progress of each step'
	@echo 'make messages  collects and compiles the translations'
	@echo 'make help      prints this'

python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo 'Python 3.11 or later is needed; "$(PYTHON)" is' "$$($(PYTHON) --version 2>&1 || echo missing)." \
	       'Name another one: make run PYTHON=/path/to/python3.11' >&2; exit 1; }

setup: python
	@$(PYTHON) -m alliance.embedded.install requirements.lock

setup-dev: python
	@$(PYTHON) -m alliance.embedded.install requirements-dev.lock

run: setup
	@PORT=$(PORT) exec $(VENV)/python -m alliance.embedded run

test-incremental: setup-dev
	@SEQUENCES=400 $(VENV)/python -m pytest -q --timeout 10800 tests/matching/changes $(ARGS)

test: setup-dev
	@$(VENV)/python -m pytest -n $(JOBS) --dist worksteal $(ARGS)

lint: setup-dev
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .

format: setup-dev
	@$(VENV)/ruff check --fix .
	@$(VENV)/ruff format .

# mypy's plugin reads the settings; nothing is started and nothing connects.
types: export DATABASE_URL ?= postgres://nobody@127.0.0.1/none
types: export REDIS_URL ?= redis://127.0.0.1/0
types: export SECRET_KEY ?= 0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ
types: setup-dev
	@$(VENV)/mypy

contracts: setup-dev
	@$(VENV)/lint-imports

check: lint types contracts ## what CI runs besides the tests

bench: setup-dev
	@$(VENV)/python manage.py bench_matching $(ARGS)
	@$(VENV)/python manage.py bench_load --seconds 15

fuzz: setup-dev
	@HOSTILE=all $(VENV)/python -m pytest -n $(JOBS) --dist worksteal --timeout 3600 tests/api/test_generated.py tests/api/test_corpus.py tests/test_hostile_inputs.py tests/api/test_hostile_bodies.py $(ARGS)

schema: setup-dev
	@$(VENV)/python manage.py spectacular --lang en --format openapi-json --validate --file docs/openapi.json

bench-latency: setup
	@$(VENV)/python manage.py bench_latency $(ARGS)

promise: schema
	@cp docs/openapi.json docs/openapi-promised.json

# ARGS="--size national --keep NAME" for 450,000 firms.
bench-load: setup
	@$(VENV)/python manage.py bench_load $(ARGS)

bench-national: setup-dev
	@$(VENV)/python manage.py bench_national $(ARGS)

bench-pages: setup
	@$(VENV)/python manage.py bench_pages $(ARGS)

bench-sheet: setup
	@$(VENV)/python manage.py bench_sheet $(ARGS)

messages: setup-dev
	@command -v xgettext > /dev/null || { echo 'Collecting texts needs GNU gettext (Debian: apt install gettext).' >&2; exit 1; }
	@$(VENV)/python manage.py makemessages -l zh_Hans --no-location -i '.venv*' -i 'tests*' -i staticfiles
	@$(VENV)/python -c 'import polib; f = "locale/zh_Hans/LC_MESSAGES/django"; polib.pofile(f + ".po").save_as_mofile(f + ".mo")'
