#!/usr/bin/env bash
# Usage: combine_data.sh <dest> <src>...
set -euo pipefail
root=$(python3 -c 'import os, sys; print(os.path.realpath(sys.argv[1] + "/../.."))' "${BASH_SOURCE[0]}")
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir combine "$@"
