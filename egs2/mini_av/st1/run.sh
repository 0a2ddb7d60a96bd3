#!/usr/bin/env bash
# mini_av: what is said in nine languages, translated into English, also from languages whose translations
# were never shown (arXiv 2306.00789). The corpus, a text encoder in place of LaBSE and a translator in place
# of mBART-50 are made by this machine; conf/experiments.yaml has the rest.
#   --seeds "1 2 3"            the comparison over seeds
#   --only zero_samu_adapters  just this, and what it starts from
#   ./run_av.sh                sound and lips
# Two CPU cores, no data, no download, `pip install transformers`. README.md tells more.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --roi_config none \
    --vectors_config conf/vectors.yaml \
    --teacher downloads/texts/teacher \
    --train_set train_high \
    --valid_set valid \
    --test_sets test \
    --tgt_lang en \
    --noise_config none \
    --num_processes 2 \
    --modes A \
    --noises clean \
    --expected_scores expected_scores.yaml \
    "$@"
