#!/usr/bin/env bash
# SUPERB in small (arXiv 2105.01051): heads for four tasks on every model that mini_av has pre-trained, frozen:
# conf/experiments.yaml. Train those first: ../avsr1/{run_comparison,run_fava,run_multistage}.sh. Two CPU
# cores; README.md tells how long. What is done stays done. Ends with exp/superb.md.
#   --only "ks_sound"      just this, and the sweep it is chosen from      --jobs 4 trainings side by side
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --jobs 2 \
    --decode_nj 1 \
    --roi_config none \
    --noise_config none \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type word \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
