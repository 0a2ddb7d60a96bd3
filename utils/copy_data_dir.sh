#!/usr/bin/env bash
# Usage: copy_data_dir.sh [--utt-prefix p] [--utt-suffix s] [--spk-prefix p] [--spk-suffix s]
#                         [--rec-prefix p] [--rec-suffix s] <src> <dest>; rec: recordings of segments
set -euo pipefail
root=$(python3 -c 'import os, sys; print(os.path.realpath(sys.argv[1] + "/../.."))' "${BASH_SOURCE[0]}")
export PYTHONPATH="${root}${PYTHONPATH:+:${PYTHONPATH}}"
exec python3 -m espnet_av.bin.data_dir copy "$@"
