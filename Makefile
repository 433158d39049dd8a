# make          set up .venv, rebuild everything at demo scale and audit it
# make test     set up .venv and run every test
# make teeth    break the science of every claim on purpose and see which verdicts notice
# make faults   set up .venv, try everything that can go wrong, and write the table of it
# make bench    set up .venv-bench and measure Unrolled beside other tools (benchmarks/README.md)
# make clean    remove what was made (raw downloads and environments stay)
# make format   lay out code and rules, write the settings' JSON schema and codecheck.yml
# make lint     everything that can be checked without running anything
# make lock     new lock files from envs/*.in
# make reference  reference numbers from intact results of a scale (SCALE=demo); OTHERS="…" are
#                 checkouts with results of other root seeds, and reference numbers made before,
#                 which say how far numbers vary
# ENV=gpu       with envs/gpu.txt instead of envs/cpu.txt

ENV ?= cpu
PYTHON ?= python3
CORES ?= all
TARGETS ?= all
SCALE ?= demo
VENV := .venv
READY := $(VENV)/ready-$(ENV)
SCHEMA := workflow/schemas/config.schema.json
RULES := Snakefile workflow/rules
CODE := src scripts tests benchmarks
BENCH := .venv-bench
VALIDATOR := .venv-validator

export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
unexport PYTHONPATH
# Snakemake keeps a cache at home; where there is none, it has to be here.
ifneq ($(shell test -w "$$HOME" && echo yes),yes)
export XDG_CACHE_HOME := $(CURDIR)/.snakemake/cache
endif

.PHONY: all test faults teeth bench clean format lint lock reference setup
.DEFAULT_GOAL := all

all: $(READY)
	@if [ -t 1 ]; then set -- --logger rich; else set --; fi; \
	  snakemake --cores $(CORES) "$$@" -- $(TARGETS)
	@unrolled audit || true  # says what it found, on the page too

setup: $(READY)

$(READY): envs/$(ENV).txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
	  "Python 3.11 or newer is needed, but $(PYTHON) is " + sys.version.split()[0] + \
	  ". Say which to use: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet \
	  --require-hashes -r envs/$(ENV).txt
	$(VENV)/bin/python -m pip install --disable-pip-version-check --quiet \
	  --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/ready-*
	@touch $@

# A file of tests to each core at a time, in the order of tests/conftest.py.
PYTEST := python -m pytest -n logical --dist loadfile --no-loadscope-reorder

test: $(READY) $(VALIDATOR)/ready
	$(PYTEST)

faults: $(READY)
	$(PYTEST) -m faults --record-faults=workflow/faults.json
	python -c "from unrolled.record.faults import update_readme; \
	  update_readme('README.md', 'workflow/faults.json')"

teeth: $(READY)
	python -m tests.papers.teeth

# What a crate is validated with wants an older rich than ours.
$(VALIDATOR)/ready: envs/validator.txt
	$(PYTHON) -m venv $(VALIDATOR)
	$(VALIDATOR)/bin/python -m pip install --disable-pip-version-check --quiet \
	  --require-hashes -r envs/validator.txt
	@touch $@

bench: $(BENCH)/ready
	$(BENCH)/bin/python -m benchmarks $(GROUPS)

$(BENCH)/ready: benchmarks/lock.txt pyproject.toml
	$(PYTHON) -m venv $(BENCH)
	$(BENCH)/bin/python -m pip install --disable-pip-version-check --quiet \
	  --require-hashes -r benchmarks/lock.txt
	$(BENCH)/bin/python -m pip install --disable-pip-version-check --quiet \
	  --no-deps --no-build-isolation -e .
	@touch $@

clean:
	rm -rf results logs .snakemake build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	rm -rf .hypothesis src/*.egg-info
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

format: $(READY)
	ruff check --fix --quiet $(CODE)
	ruff format --quiet $(CODE)
	snakefmt $(RULES)
	python -c "from unrolled.settings import write_schema; write_schema('$(SCHEMA)')"
	python -c "from unrolled.record.codecheck import write_codecheck; write_codecheck('.')"

lint: $(READY)
	ruff check $(CODE)
	ruff format --check $(CODE)
	mypy
	snakefmt --check $(RULES)
	snakemake --lint
	lint-imports

lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --disable-pip-version-check --quiet uv
	for pair in envs/cpu.in:envs/cpu.txt envs/gpu.in:envs/gpu.txt \
	  envs/validator.in:envs/validator.txt benchmarks/requirements.in:benchmarks/lock.txt; do \
	  build/lock/bin/uv pip compile $${pair%:*} --output-file $${pair#*:} --quiet --upgrade \
	    --generate-hashes --universal --python-version 3.11 --custom-compile-command "make lock" \
	    --no-emit-index-url --no-emit-find-links || exit 1; \
	done

reference: $(READY)
	python -m unrolled.record.reference $(SCALE) $(OTHERS)
