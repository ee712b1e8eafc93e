# Every command does its own set-up on a fresh machine: environment, pinned packages, system libraries.
# Overrides: PORT=8001, PYTHON=python3.12, DATABASE_URL and BROKER_URL (see README), ARGS="-k name" for the tests.
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= 2
ARGS ?=

RUN := .venv/bin/python
PREPARE := @$(PYTHON) registry/management/embedded/setup.py
export HF_HUB_OFFLINE = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench verify mutants reset

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: ## install everything and start nothing
	$(PREPARE) test

demo: ## start everything with a model that is blocked, and say where to look
	$(PREPARE) demo
	@exec $(RUN) manage.py demo --port $(PORT)

test: ## run every test but the simulations of make verify and the mutants of the gate
	$(PREPARE) test
	@exec $(RUN) -m pytest -n $(WORKERS) --dist loadfile -m "not statistics and not mutants" --durations 20 $(ARGS)

lint: ## ruff, mypy, import contracts and the rules of tests/architecture
	$(PREPARE) tools
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(RUN) -m pytest tests/architecture

bench: ## measure what the README claims, as ratios within one run, into var/bench.json
	$(PREPARE) demo
	@exec $(RUN) manage.py bench $(ARGS)

verify: ## check every metric against its published numbers, and the gate's tests against small changes of the gate
	$(PREPARE) test
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile -m "verification or statistics" $(ARGS)
	@exec $(RUN) -m pytest -m mutants tests/mutants/test_python_gate.py

mutants: ## change both judges in every small way and see that tests notice; takes hours
	$(PREPARE) test
	@exec $(RUN) -m pytest -m mutants $(ARGS)

reset: ## stop what runs and delete the demo's data
	$(PREPARE) tools
	@$(RUN) -m registry.management.embedded reset
