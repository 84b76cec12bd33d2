# Every target works alone from a fresh clone: what it needs is installed into .venv first.
# PYTHON chooses the interpreter (3.11 or newer); ARGS is handed on, e.g. make test ARGS="-k queues".
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
INSTALLED := .venv/.installed
# What the type checker reads, as far as it exists.
TYPED := $(wildcard backends server clients/python protos/podium_protocol protos/generate.py docs/generate.py tests benchmarks examples)

.DEFAULT_GOAL := help
.PHONY: help venv serve demo bench test nightly lint format typecheck imports protos protos-check \
	docs docs-check faults interop services upgrade check clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' Makefile

venv: $(INSTALLED) ## Create .venv with the exact versions of constraints.txt

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -m venv .venv
	@echo "installing into .venv (once; again when pyproject.toml or constraints.txt change)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

serve: $(INSTALLED) ## Start Podium on 127.0.0.1:50051, data in ./podium-data
	@$(BIN)/podium serve $(ARGS)

demo: $(INSTALLED) ## Watch an engine work, and survive kills, in under a minute
	@$(BIN)/python -m examples.engine.demo $(ARGS)

bench: $(INSTALLED) ## Measure on this machine: a table and a picture
	@$(BIN)/python -m benchmarks $(ARGS)

test: $(INSTALLED) ## Run the tests against real stores
	@$(BIN)/python -m pytest -q $(ARGS)

faults: $(INSTALLED) ## Test what happens when servers, disks and stores fail
	@$(BIN)/python -m pytest -q tests/faults $(ARGS)

interop: $(INSTALLED) ## Test Podium and a Java Conductor on one Redis or Cassandra; needs a JDK 17 and Maven
	@$(BIN)/python -m pytest -q tests/interop $(ARGS)

nightly: $(INSTALLED) ## Run all tests, the long ones too
	@$(BIN)/python -m pytest -q -m "" $(ARGS)

lint: $(INSTALLED) ## Check style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(INSTALLED) ## Format the code, and mend what can be mended
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

typecheck: $(INSTALLED) ## Check the types, strictly
	@$(BIN)/mypy $(TYPED)

imports: $(INSTALLED) ## Check who imports whom
	@$(BIN)/lint-imports

protos: $(INSTALLED) ## Generate the Python stubs from the protos
	@$(BIN)/python protos/generate.py

protos-check: $(INSTALLED) ## Lint the protos, and check that the stubs are up to date
	@$(BIN)/buf lint protos
	@$(BIN)/python protos/generate.py --check

docs: $(INSTALLED) ## Generate docs/capabilities.md from the code
	@$(BIN)/python docs/generate.py

docs-check: $(INSTALLED) ## Check that docs/capabilities.md is up to date
	@$(BIN)/python docs/generate.py --check

check: lint typecheck imports protos-check docs-check ## All checks that need no store

services: $(INSTALLED) ## Start the stores that tests use, until Ctrl-C, and print their addresses
	@$(BIN)/python -m tests.services

upgrade: ## Move constraints.txt to the newest versions that pyproject.toml allows
	@rm -rf .venv/upgrade && $(PYTHON) -m venv .venv/upgrade
	@.venv/upgrade/bin/python -m pip install --quiet --editable '.[dev]'
	@sed -n '/^#/p' constraints.txt > constraints.new
	@.venv/upgrade/bin/python -m pip freeze --exclude-editable | sed '/^#/d' >> constraints.new
	@mv constraints.new constraints.txt && rm -rf .venv/upgrade

clean: ## Remove .venv, caches and build leftovers (never ./podium-data)
	@rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
