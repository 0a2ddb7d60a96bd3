#!/usr/bin/env bash
# Usage: fix_data_dir.sh <data-dir>: sort it and drop incomplete utterances
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir fix "$@"
