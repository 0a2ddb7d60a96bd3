#!/usr/bin/env bash
# Multi-stage training for LibriSpeech (arXiv 2403.19822), at the size of the paper: MAE, CLR or both on sound and full
# frames, mid-training by translation, CTC. Set LIBRISPEECH, MUSTC and one or more of KINETICS600, VOXCELEB2, LRS3 in
# db.sh; README.md has the whole way and a rehearsal.
#   --only "mae_lrs3_it"   just this row of Table 1, and what it starts from
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --roi_config none \
    --noise_config none \
    --train_set train_960 \
    --valid_set valid \
    --test_sets "test_clean test_other" \
    --token_type bpe \
    --nbpe 1000 \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
