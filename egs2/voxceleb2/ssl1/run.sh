#!/usr/bin/env bash
# VoxCeleb2: BEST-RQ on sound alone, the first half of FAVA (arXiv 2202.01855, 2312.09369).
# Set VOXCELEB2= in db.sh; README.md has the whole way.
#   ./run.sh                                                   120 million parameters
#   ./run.sh --ssl_config conf/train_bestrq_120m_streaming.yaml    so for 25m and 600m
# The other half is in ../../lrs3/avsr1/run_fava.sh.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --stop_stage 4 \
    --train_set dev \
    --valid_set valid \
    --test_sets "" \
    --noise_config none \
    --ssl_config conf/train_bestrq_120m.yaml \
    "$@"
