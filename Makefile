# Each target sets up .environment/ first where that is needed: see environment/README.md.

.DEFAULT_GOAL := help
.PHONY: help demo test coverage mutants types benchmark evaluate soak kills lock audit fuzz docs clean

# Handed to the recipe through the environment, so that any file name is safe.
export SOURCE

help: ## this text
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'SOURCE=<video file | folder of pictures | camera | camera index | simulated:SCENE>; without it the demo simulates a camera.'

# The demo ends with make: killing make, or closing its terminal, leaves nothing running.
demo: ## track hands with the real node, SOURCE=...; results in demo_output/
	@export HAND_TRACKING_ROS_PARENT=$$PPID; exec environment/run demo $${SOURCE:+--source "$$SOURCE"} --output demo_output

# Through `python3 -m`: a pytest that apt installed would run outside the environment's Python. From
# test/: the tests see the installed package, not the sources in the current folder.
test: ## formatting, lint, types and every test; one file: make test TESTS=project/test_package.py
	environment/run python3 -m ruff format --check .
	environment/run python3 -m ruff check .
	@$(MAKE) --no-print-directory types
	cd test && ../environment/run python3 -m pytest $(TESTS)

# numpy 1, which a sourced Humble or Jazzy brings, lacks the types of many functions.
types:
	@if environment/run python3 -c 'import numpy; exit(numpy.__version__ < "2")'; then \
	  environment/run python3 -m mypy; else echo 'types not checked: mypy needs numpy 2'; fi

COVERAGE = $(CURDIR)/.environment/coverage

coverage: ## which lines and branches of ros/ and tracking/ the tests reach; child processes too
	mkdir -p $(COVERAGE)
	cd test && COVERAGE_FILE=$(COVERAGE)/data COVERAGE_PROCESS_START=$(CURDIR)/test/coverage.ini \
	  ../environment/run python3 -m pytest --cov --cov-config=coverage.ini --cov-context=test \
	  --junitxml=$(COVERAGE)/times.xml $(TESTS)

mutants: ## changes of ros/ and tracking/ that no test notices; after make coverage; ARGS=--help
	@environment/run python3 -m evaluation.mutation.run $(ARGS)

benchmark: ## time, memory and latency, beside MediaPipe's; 15 minutes; PROVIDER=cuda ARGS=--quick
	@environment/run python3 -m evaluation.speed.benchmark $(if $(PROVIDER),--provider $(PROVIDER)) $(ARGS)

evaluate: ## accuracy, identity, jitter against the simulated camera's truth; 10 minutes
	@environment/run python3 -m evaluation.accuracy.evaluate $(ARGS)

fuzz: ## the nodes' own code against damaged messages and files; ARGS='--messages 1000 --seed 7'
	@environment/run python3 -m evaluation.faults.fuzz $(ARGS)

soak: ## both nodes while everything goes wrong at random; MINUTES=10 ARGS='--seed 7 --json soak.json'
	@environment/run python3 -m evaluation.faults.soak $(if $(MINUTES),--minutes $(MINUTES)) $(ARGS)

kills: ## kill every program at random moments and start it again; ARGS='--kills 20 --programs demo'
	@environment/run python3 -m evaluation.faults.kills $(ARGS)

docs: ## write the parameter tables of config/ and docs/ anew, after a parameter changed
	@environment/run python3 -m docs.write_parameters

lock: ## write environment/requirements*.lock anew, after requirements*.txt changed
	@environment/lock

audit: ## known vulnerabilities of the locked requirements; asks PyPI
	@environment/lock --audit

clean: ## remove what set-up, builds and the demo left behind, all but the models
	rm -rf .environment demo_output benchmark_output build install log *.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .mypy_cache .pytest_cache .ruff_cache
