# shellcheck shell=bash
# Where programs are found; sourced, from a recipe's folder, by its scripts and by cluster jobs.
MAIN_ROOT=$(cd "${PWD}/../../.." && pwd)

# The environment of `make`, unless another one is active.
if [ -z "${VIRTUAL_ENV:-}" ] && [ -x "${MAIN_ROOT}/.venv/bin/python3" ]; then
    VIRTUAL_ENV="${MAIN_ROOT}/.venv"
fi
export PATH="${PWD}/utils:${VIRTUAL_ENV:+${VIRTUAL_ENV}/bin:}${PATH}"
export PYTHONPATH="${MAIN_ROOT}${PYTHONPATH:+:${PYTHONPATH}}"

export LC_ALL=C                 # one sorting order everywhere
export PYTHONUTF8=1             # text files are UTF-8 whatever the locale
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}    # jobs run in parallel; more threads fight
