#!/usr/bin/env bash
# Pre-training compared on mini_av: conf/experiments_comparison.yaml. Two CPU cores, about an hour; what is done stays
# done. Ends with results/comparison.md.
#   --seeds "1 2 3 4"      --jobs 4 trainings side by side      --only "xlavsr_AV" just this, and its start
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments_comparison.yaml \
    --stop_stage score \
    --jobs 2 \
    --decode_nj 1 \
    "$@"
