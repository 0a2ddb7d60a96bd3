#!/usr/bin/env bash
# FAVA on GRID: an audio-visual RNN-T from scratch, from BEST-RQ on sound, or from an RNN-T of sound alone.
#   ./run_fava.sh --system scratch      --system bestrq      --system convert      --seed 2
# All of them, three seeds, one table: run_fava_comparison.sh.
set -euo pipefail
cd "$(dirname "$0")"

exec ./fava.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type word \
    --unit_parts 3 \
    --modes "A AV" \
    --noises "clean babble:0" \
    --missing_video "$(echo {whole,frames,start,middle,end}:{0.3,0.7})" \
    --expected_scores "" \
    "$@"
