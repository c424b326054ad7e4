# Everything runs from the environments that `setup` makes; no target needs a network once they are there.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# zoneinfo reads the pinned package tzdata in every process, as it does in the functions.
export PYTHONTZPATH :=

PYTHON := .venv/bin/python
VITALS := .venv/bin/vitals
UV := .venv/bin/uv
READY := .venv/.ready .venv-sam/.ready
# The chart page, which the query function serves.
PAGE := functions/query/web/index.html
PAGE_SOURCES := $(shell find web/src -type f) $(wildcard web/*.html web/*.json web/*.ts web/.npmrc)

.PHONY: help setup build deploy run up down verify test test-deployed test-code long check lint format simulate mutants oracle views bench cost readers lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-8s %s\n", $$1, $$2 }'

setup: $(READY) .venv-checkov/.ready $(PAGE) ## make the Python environments (.venv, and .venv-* for what conflicts with it)
	@echo "the environments are ready"

# The stage of samconfig.toml that build and deploy are for.
STAGE ?= default
SAM := PATH="$(CURDIR)/.venv-sam/bin:$$PATH" SAM_CLI_TELEMETRY=0 sam

build: $(READY) $(PAGE) ## build page, functions and layers as they are deployed: STAGE=prod
	ARCHITECTURE="$$($(PYTHON) -m operations.release architecture $(STAGE))" $(SAM) build --config-env $(STAGE)
	$(PYTHON) -m operations.release stamp $(STAGE)

deploy: build ## build, then deploy to AWS: STAGE=staging or STAGE=prod
	@test "$(STAGE)" != default || { echo "name the stage: make deploy STAGE=staging (docs/deploy.md)" >&2; exit 2; }
	$(SAM) deploy --config-env $(STAGE) --parameter-overrides $$($(PYTHON) -m operations.release parameters $(STAGE))

run: $(READY) $(PAGE) ## the whole product on this machine, until Ctrl-C
	@exec $(PYTHON) -m local.stack run

up: $(READY) $(PAGE) ## the same in the background
	@exec $(PYTHON) -m local.stack up

down: $(READY) ## stop what `up` started
	@exec $(PYTHON) -m local.stack down

verify: $(READY) ## ask upstream and store the same random questions
	@exec $(VITALS) verify

test: $(READY) $(PAGE) ## all tests, offline
	npm --prefix web test
	@$(MAKE) --no-print-directory --keep-going --jobs 2 --output-sync=target test-deployed test-code

# The tests of the local stack often wait for it. The others use the processors meanwhile, and yield them by their priority.
test-deployed: $(READY) $(PAGE)
	$(PYTHON) -m pytest -q --durations=20 tests/integration

test-code: $(READY)
	nice $(PYTHON) -m pytest -q -n 3 --dist worksteal --durations=20 tests/unit tests/functional tests/simulation

long: $(READY) $(PAGE) ## backfill a range of 30 days on the local stack; `make test` backfills 8
	VITALS_TEST_BACKFILL_DAYS=30 $(PYTHON) -m pytest -q --durations=5 tests/integration/backfill/test_runs.py -k range_is_exact

check: lint test ## lint, types, template lint, tests: what CI runs

lint: $(READY) .venv-checkov/.ready web/node_modules/.ready ## style, types and template
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv-sam/bin/cfn-lint template.yaml
	.venv-checkov/bin/checkov --framework cloudformation --skip-download --quiet --compact -f template.yaml
	npm --prefix web run check

format: $(READY) web/node_modules/.ready ## format the code
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .
	npm --prefix web run format

# A seed and the size of its run; SEEDS=1-20 plays several, JOBS=2 two at a time. tests/simulation/README.md explains it.
SEED ?= 1
DAYS ?= 30
simulate: $(READY) ## play a month of faults over the whole product: SEED=1 DAYS=30
	@PYTHONHASHSEED=0 $(PYTHON) -m tests.simulation --seed $(SEED) --days $(DAYS) $(if $(SEEDS),--seeds $(SEEDS)) \
		$(if $(HOT_DAYS),--hot-days $(HOT_DAYS)) $(if $(POINTS),--points $(POINTS)) $(if $(FAULTS),--faults $(FAULTS)) \
		$(if $(ACTIVITY),--activity $(ACTIVITY)) $(if $(WITHOUT),--without $(WITHOUT)) $(if $(JOBS),--jobs $(JOBS)) $(if $(VERBOSE),--verbose)

mutants: $(READY) ## plant faults in copies of the product; the simulation must find each
	@$(PYTHON) -m tests.simulation.mutants

oracle: $(READY) ## compare every zone, interval and tier with DuckDB; `make test` compares a few
	VITALS_ORACLE=all $(PYTHON) -m pytest -q -n 2 --dist worksteal --durations=5 tests/simulation/local_days

views: $(READY) $(PAGE) ## judge every view of the page in every look; `make test` judges each in two
	$(PYTHON) -m pytest -q --durations=5 tests/views
	VITALS_VIEWS=all $(PYTHON) -m pytest -q --durations=5 tests/integration/web/test_accessibility.py tests/integration/web/test_scatter_carpet.py

bench: $(READY) $(PAGE) ## measure what the design promises
	$(PYTHON) -m bench

readers: $(READY) .venv-readers/.ready ## read day files with other Parquet readers, Java's among them
	$(PYTHON) -m pytest -q --durations=10 tests/readers

cost: $(READY) ## dollars per month: SITES=1 POINTS=4583 QUERIES=10000
	@$(PYTHON) -m operations.cost --sites $(or $(SITES),1) --points $(or $(POINTS),4583) --queries $(or $(QUERIES),10000)

lock: $(UV) ## pin the requirements again
	$(call compile,requirements/uv)
	$(call compile,layers/common/requirements)
	$(call compile,layers/athena/requirements)
	$(call compile,requirements/dev)
	$(call compile,requirements/sam)
	$(call compile,requirements/checkov)
	$(call compile,requirements/readers)
	cd web && npm install --package-lock-only && $(WITHOUT_FUNDING)

clean: down ## remove what was built; the environments stay
	rm -rf .aws-sam functions/query/web .local .pytest_cache .mypy_cache .ruff_cache .hypothesis

# npm writes addresses of donation pages into the lock file; this removes them.
define WITHOUT_FUNDING
node -e 'const f="package-lock.json",fs=require("fs"),lock=JSON.parse(fs.readFileSync(f)); \
	for (const pkg of Object.values(lock.packages)) delete pkg.funding; \
	fs.writeFileSync(f,JSON.stringify(lock,null,2)+"\n")'
endef

define compile
$(UV) pip compile -q --no-header --no-emit-index-url --no-emit-find-links --no-annotate --generate-hashes \
	--python-version 3.13 $(1).in -o $(1).txt
endef

packages = $$(grep -c == $(1)) packages

# The Lambda runtime's own version: the emulator runs the functions on it. pyenv's shim comes first on a PATH that has
# pyenv, and fails when 3.13 is not installed there, hence the attempt to run it.
define need_python
python3.13 --version >/dev/null 2>&1 || { \
	echo "Python 3.13 is missing: 'pyenv install 3.13', or 'apt-get install python3.13 python3.13-venv' where Debian has it" >&2; \
	exit 1; }
endef

define need_java
java -version >/dev/null 2>&1 || { \
	echo "Java 17 or newer is missing: Spark reads Parquet with it ('apt-get install default-jre-headless')" >&2; exit 1; }
endef

define need_node
node -e 'const [major, minor] = process.versions.node.split("."); process.exit(major > 20 || (major == 20 && minor >= 19) ? 0 : 1)' \
	2>/dev/null || { echo "Node 20.19 or newer is missing: the chart page is built with it ('apt-get install nodejs npm')" >&2; exit 1; }
endef

$(UV): requirements/uv.txt
	@$(need_python)
	@echo "making .venv"
	@test -x $(PYTHON) || python3.13 -m venv .venv
	@$(PYTHON) -m pip install -q --disable-pip-version-check --require-hashes -r $<
	@touch $@

# --compile-bytecode, for without it each worker of the emulator would compile what it imports.
.venv/.ready: requirements/dev.txt pyproject.toml client/pyproject.toml | $(UV)
	@echo "installing what the product and its tests need ($(call packages,$<), a minute or two the first time)"
	@$(UV) pip install -q --require-hashes --compile-bytecode --python $(PYTHON) -r $<
	@$(UV) pip install -q --offline --no-deps --no-build-isolation --python $(PYTHON) -e client -e .
	@touch $@

.venv-sam/.ready: requirements/sam.txt | $(UV)
	@echo "installing the deployment tools and the emulator ($(call packages,$<))"
	@test -x .venv-sam/bin/python || python3.13 -m venv .venv-sam
	@$(UV) pip install -q --require-hashes --compile-bytecode --python .venv-sam/bin/python -r $<
	@touch $@

# One run imports little of it, so compiling the bytecode of all would take longer than it saves.
.venv-checkov/.ready: requirements/checkov.txt | $(UV)
	@echo "installing the checks of the template ($(call packages,$<))"
	@test -x .venv-checkov/bin/python || python3.13 -m venv .venv-checkov
	@$(UV) pip install -q --require-hashes --python .venv-checkov/bin/python -r $<
	@touch $@

.venv-readers/.ready: requirements/readers.txt | $(UV)
	@$(need_java)
	@echo "installing Parquet readers ($(call packages,$<), 1.6 GB)"
	@test -x .venv-readers/bin/python || python3.13 -m venv .venv-readers
	@$(UV) pip install -q --require-hashes --python .venv-readers/bin/python -r $<
	@touch $@

web/node_modules/.ready: web/package-lock.json
	@$(need_node)
	@echo "installing what the page is built with"
	@npm --prefix web ci --silent
	@touch $@

$(PAGE): web/node_modules/.ready $(PAGE_SOURCES)
	npm --prefix web run --silent build
	@touch $@
