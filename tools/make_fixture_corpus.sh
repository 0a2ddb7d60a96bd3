#!/usr/bin/env bash
# Build a few clips in the layout of a real corpus, to rehearse its recipe without the corpus.
# Usage: tools/make_fixture_corpus.sh <muavic|lrs3|voxceleb2|mlcoco> <folder> [<language>...]
#        (or covost2, europarl_st, mustc, mtedx, librispeech, speech_commands,
#        fluent_speech_commands, librimix, kinetics600, superb)
# Prints the variables of db.sh that lead to it; `eval "$(...)"` sets them.
set -euo pipefail
root=$(python3 -c 'import os, sys; print(os.path.realpath(sys.argv[1] + "/../.."))' "${BASH_SOURCE[0]}")
if [ -z "${VIRTUAL_ENV:-}" ] && [ -x "${root}/.venv/bin/python3" ]; then VIRTUAL_ENV="${root}/.venv"; fi
export PATH="${VIRTUAL_ENV:+${VIRTUAL_ENV}/bin:}${PATH}"
export PYTHONPATH="${root}:${root}/test${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m corpora_fixtures "$@"
