#!/usr/bin/env bash
# XLAVS-R on mini_av: wav2vec 2.0 on sound alone (stage 4), clusters of its features (5), one round of
# audio-visual pre-training on them (6), fine-tuning with a tenth of the transcripts (9).
#   --finetune_from ssl     audio-only pre-training       --finetune_from none    no pre-training
# The labelled share: --train_args "--override dataset.num_utts=300".
# Two CPU cores; conf/full has the configurations of the published sizes.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type char \
    --num_processes 2 \
    --ssl_config conf/train_wav2vec2.yaml \
    --units_config conf/units_wav2vec2.yaml \
    --avssl_config conf/train_xlavsr.yaml \
    --train_config conf/train_avsr_wave.yaml \
    --modes "A V AV" \
    --noises "clean babble:0" \
    --expected_scores "" \
    "$@"
