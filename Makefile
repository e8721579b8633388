# Every target works on a fresh machine with Python 3.11 to 3.13, make and a shell.
# The first one that needs them creates .venv and installs the pinned packages into it.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DEMO := data/demo
# A file's tests stay in one process, for they share what is slow to make; the tests say which go first.
TOGETHER := --dist loadfile --no-loadscope-reorder
# A process a core, but few: each may start a Java of its own.
PARALLEL := -n logical --maxprocesses 4 $(TOGETHER)

# Tests are compiled once, and not by every process of every run.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

.PHONY: help
help: ## Show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	  || { echo "Python 3.11 to 3.13 is needed; name one with: make PYTHON=python3.11 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[java,dev]"
	@touch $@

.PHONY: install
install: $(INSTALLED) ## Create .venv with the pinned packages

.PHONY: demo
demo: $(INSTALLED) ## Write 14 days of captures, compute them, say where to look
	$(BIN)/ml-insights demo --folder $(DEMO)

.PHONY: demo-aws
demo-aws: $(INSTALLED) ## The same on the aws deployment, against a stand-in for AWS on this machine
	$(BIN)/python -m ml_insights_tests.aws.demo --folder $(DEMO)-aws --runner $(or $(RUNNER),local) \
	  $(if $(wildcard $(DEMO)/ml_insights.yaml),--compare $(DEMO)) $(if $(AGAIN),--again) $(if $(STAY),--stay)

.PHONY: ui
ui: $(INSTALLED) ## Open the Dagster UI on the demo's history (http://127.0.0.1:3000)
	@test -f $(DEMO)/ml_insights.yaml || { echo "There is no history yet: run make demo first"; exit 1; }
	$(BIN)/ml-insights ui --settings $(DEMO)/ml_insights.yaml

.PHONY: test
test: $(INSTALLED) ## Run all tests but those on clusters and the long ones
	$(BIN)/python -m pytest $(PARALLEL) -m "not (cluster or long)"

.PHONY: test-long
test-long: $(INSTALLED) ## Run over 30 days, 200 partitions and in more ways what make test shows
	$(BIN)/python -m pytest $(PARALLEL) -m long

.PHONY: test-clusters
test-clusters: $(INSTALLED) ## Run the tests that start Spark jobs as EMR does
	$(BIN)/python -m pytest -n 2 $(TOGETHER) -m cluster

.PHONY: unit
unit: $(INSTALLED) ## Run the quick tests: no Spark, no server, no Dagster run, properties on few examples
	$(BIN)/python -m pytest $(PARALLEL) --hypothesis-profile quick \
	  -m "not (spark or aws or integration or simulation or end_to_end or cluster or long)"

.PHONY: format
format: $(INSTALLED) ## Format the code
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

.PHONY: lint
lint: $(INSTALLED) ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: types
types: $(INSTALLED) ## Check types
	$(BIN)/mypy

.PHONY: wheel
wheel: $(INSTALLED) ## Build the wheel and check that it holds the package and nothing else
	rm -rf build/wheel
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps -w build/wheel .
	$(BIN)/python -m zipfile -l build/wheel/*.whl | awk '/_tests/ {print; found = 1} END {exit found}'

.PHONY: check
check: lint types test test-long test-clusters wheel ## Check style and types, run all tests, build the wheel

.PHONY: bench
bench: $(INSTALLED) ## Measure speed and memory, beside other engines, and write the tables
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[bench]"
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.beside
	$(BIN)/python -m benchmarks.growth

.PHONY: clean
clean: ## Delete the demo and what tools left
	rm -rf $(DEMO) $(DEMO)-aws build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
