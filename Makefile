# Everything starts from a bare Python 3.11 and git:  make demo, make test.
# VENV= puts the virtual environment elsewhere; PYTHON= picks the interpreter it is made with.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV ?= .venv
JOBS ?= 2
PYTEST_ARGS ?=
PIP_ARGS ?=

BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.espnet_av_ready
SHELL_FILES = $(shell git ls-files '*.sh' .ci/run)

export PYTHONPATH := $(CURDIR)
export VIRTUAL_ENV := $(abspath $(VENV))

.PHONY: help install demo mini test lint format unit avx2 clean distclean

help:  ## what can be made
	@grep -hE '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 10

install: $(STAMP)  ## make or update the virtual environment

$(STAMP): setup.py constraints.txt
	@test -x $(BIN)/python || { echo "making $(VENV) with $(PYTHON)"; $(PYTHON) -m venv $(VENV); }
	@echo "installing into $(VENV) (the first time this downloads about 3 GB)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
		--no-deps -r constraints.txt -e .
	@touch $@

demo: $(STAMP)  ## make a small corpus, train on it, score, print table and pictures (15 minutes)
	@AV_PROGRESS=$${AV_PROGRESS:-plain} egs2/mini_av/avsr1/run.sh

mini: $(STAMP)  ## the whole recipe on a few clips, as the tests run it
	@$(BIN)/python -m pytest -q test/egs2 $(PYTEST_ARGS)

test: lint unit avx2  ## lint, every test with coverage, the numeric ones again with AVX2's kernels

unit: $(STAMP)
	@PATH=$(BIN):$$PATH $(BIN)/python -m pytest -q -rfEs -n $(JOBS) --cov --cov-report=term \
		--durations=15 $(PYTEST_ARGS)

avx2: $(STAMP)  ## the numeric tests with the kernels of a processor without AVX-512
	@PATH=$(BIN):$$PATH $(BIN)/python tools/avx2_tests.py -n $(JOBS)

lint: $(STAMP)  ## ruff, mypy, shellcheck
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/shellcheck -x $(SHELL_FILES)

format: $(STAMP)  ## rewrite the layout of every Python file
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:  ## remove caches; .venv, downloads and what recipes made stay
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* build

distclean: clean  ## remove also what mini_av and mini_coco made; other recipes keep data, dump and exp
	@rm -rf egs2/mini_*/*/data egs2/mini_*/*/dump egs2/mini_*/*/exp
