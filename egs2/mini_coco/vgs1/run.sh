#!/usr/bin/env bash
# mini_coco: visually grounded speech in two languages (arXiv 2509.17523) on a corpus that this machine
# makes itself. HuBERT of English, of French and of both, a short grounding of each in images, then ABX
# errors, retrieval and the multilingual gap: conf/experiments.yaml.
#   --seeds "1 2 3"        the comparison over seeds
#   --only "vgs_en"        just this, and what it starts from
# Two CPU cores, no data, no download: three quarters of an hour for a seed. README.md tells more.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --roi_config none \
    --train_set caption_train_en \
    --valid_set caption_valid_en \
    --test_sets speech_test_en \
    --noise_config none \
    --num_processes 2 \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
