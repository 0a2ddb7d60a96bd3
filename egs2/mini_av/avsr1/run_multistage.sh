#!/usr/bin/env bash
# Multi-stage training on mini_av: conf/experiments_multistage.yaml. Pre-training on sound and full frames, mid-training
# by translation, CTC: 23 trainings a seed, one table. README.md tells what they cost; what is done stays done.
#   --seeds "1 2 3"      --jobs 4 trainings side by side      --only "asr_mae_de" just this, and what it starts from
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments_multistage.yaml \
    --stop_stage score \
    --datadir data_film \
    --dumpdir dump_film \
    --expdir exp_film \
    --local_data_opts "--frames full" \
    --roi_config none \
    --dump_config conf/dump_film.yaml \
    --noise_config none \
    --jobs 2 \
    --decode_nj 1 \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type word \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
