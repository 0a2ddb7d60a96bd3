#!/usr/bin/env bash
# Usage: fix_data_dir.sh <data-dir>: sort it and drop incomplete utterances
set -euo pipefail
root=$(python3 -c 'import os, sys; print(os.path.realpath(sys.argv[1] + "/../.."))' "${BASH_SOURCE[0]}")
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir fix "$@"
