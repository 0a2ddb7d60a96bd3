#!/usr/bin/env bash
# Usage: subset_data_dir.sh [--first|--last|--shortest|--speakers|--per-spk] <src> <number> <dest>, or --utt-list or --spk-list <file> <src> <dest>
set -euo pipefail
root=$(python3 -c 'import os, sys; print(os.path.realpath(sys.argv[1] + "/../.."))' "${BASH_SOURCE[0]}")
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir subset "$@"
