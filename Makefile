# Dongseon: `make demo` shows it, `make test` checks it. Everything is set up as needed, in .venv and var.
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
RUN_STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
BENCH_VENV := .venv-bench
BENCH_STAMP := $(BENCH_VENV)/.installed
export PYTHONUNBUFFERED := 1

.PHONY: demo run test lint bench screenshots clean help
help:
	@echo "make demo   set up, analyse the demo footage, search, draw the path, serve on 127.0.0.1:8000 (ONCE=1: no serving)"
	@echo "make run    serve the portal with its workers on 127.0.0.1:8000"
	@echo "            PORT=8080 serves on another port, as in: make demo PORT=8080"
	@echo "make test   set up and run all tests and checks"
	@echo "make lint   ruff, mypy --strict, import-linter"
	@echo "make bench  accuracy and speed, side by side with a peer"
	@echo "make clean  remove the environment (.venv); data in var stays"

demo: $(RUN_STAMP)
	@$(PY) manage.py demo $(if $(ONCE),--once) $(if $(FOOTAGE),--footage "$(FOOTAGE)") $(if $(PORT),--port "$(PORT)")

run: $(RUN_STAMP)
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py serve $(if $(PORT),--port "$(PORT)")

test: $(DEV_STAMP) lint
	@$(PY) manage.py fetch_demo
	@$(PY) -m pytest --numprocesses 2 --ignore=tests/system
	@$(PY) -m pytest tests/system

lint: $(DEV_STAMP)
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(PY) manage.py makemigrations --check --dry-run --verbosity 0
	@$(VENV)/bin/lint-imports --no-logo
	@$(VENV)/bin/mypy .

bench: $(BENCH_STAMP)
	@$(PY) manage.py fetch_demo
	@$(BENCH_VENV)/bin/python -m tests.bench

screenshots: $(DEV_STAMP)
	@DONGSEON_SCREENSHOTS=1 $(PY) -m pytest -q tests/system/test_browser.py -k drawn

clean:
	rm -rf $(VENV) $(BENCH_VENV)

$(PY):
	@sh .ci/make-venv $(VENV)

$(BENCH_STAMP): requirements-bench.txt $(DEV_STAMP)
	@sh .ci/make-venv $(BENCH_VENV)
	@$(BENCH_VENV)/bin/python -m pip --disable-pip-version-check --quiet install -r requirements-bench.txt
	@touch $@

$(RUN_STAMP): requirements.txt constraints.txt locale/ko/LC_MESSAGES/django.po locale/ko/LC_MESSAGES/djangojs.po | $(PY)
	@echo "Installing what the portal needs (about a minute the first time) ..."
	@$(PIP) install -r requirements.txt
	@$(VENV)/bin/pybabel --quiet compile --directory locale --domain django
	@$(VENV)/bin/pybabel --quiet compile --directory locale --domain djangojs
	@touch $@

$(DEV_STAMP): requirements-dev.txt $(RUN_STAMP)
	@$(PIP) install -r requirements-dev.txt
	@touch $@
