# Everything starts from a bare Python (3.13, 3.12 or 3.11) and git:  make demo, make test.
# VENV= puts the virtual environment elsewhere; PYTHON= picks the interpreter it is made with.
# OTHER_VENV= is an environment of the other tested set, for make other.
# TORCH=cpu or cuda picks a build of torch; else it is CUDA's where a GPU is seen or no other is had.
PYTHON ?=
VENV ?= .venv
TORCH ?= auto
OTHER_VENV ?= $(HOME)/.cache/espnet_av/other
JOBS ?= 2
PYTEST_ARGS ?=
PIP_ARGS ?=

BIN := $(abspath $(VENV))/bin
STAMP := $(VENV)/.espnet_av_ready
SHELL_FILES = $(shell git ls-files '*.sh' .ci/run)

export PYTHONPATH := $(CURDIR)
export VIRTUAL_ENV := $(abspath $(VENV))

.PHONY: help install demo mini test lint format unit avx2 other clean distclean

help:  ## what can be made
	@grep -hE '^[a-z0-9]+:.*##' Makefile | sed -E 's/:.*## */\t/' | expand -t 10

install: $(STAMP)  ## make or update the virtual environment

$(STAMP): setup.py $(wildcard espnet_av/locks/*.txt)
	@if [ -e $(VENV)/pyvenv.cfg ]; then \
		tools/find_python.sh $(BIN)/python >/dev/null || \
			{ echo "or: rm -r $(VENV), and make it anew" >&2; exit 1; }; \
	else \
		python=$$(tools/find_python.sh $(if $(PYTHON),"$(PYTHON)")) || exit 1; \
		echo "making $(VENV) with $$python"; "$$python" -m venv $(VENV) || exit 1; \
	fi
	@$(BIN)/python tools/install.py --torch $(TORCH) $(PIP_ARGS)
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

other: $(STAMP)  ## parity, mini recipes, converters with the other tested set, if OTHER_VENV is one
	@$(BIN)/python tools/other_set.py $(abspath $(OTHER_VENV)) -n $(JOBS) $(PYTEST_ARGS)

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
	@rm -rf egs2/mini_*/*/data_av egs2/mini_*/*/dump_av egs2/mini_*/*/exp_av
