#!/usr/bin/env bash
# Usage: combine_data.sh <dest> <src>...
set -euo pipefail
root=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.." && pwd)
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir combine "$@"
