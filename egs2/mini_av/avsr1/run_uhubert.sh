#!/usr/bin/env bash
# u-HuBERT on mini_av: as AV-HuBERT (run_avhubert.sh), but half of the training set has sound alone.
# Two CPU cores; conf/full has the configurations of the published sizes.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type char \
    --num_processes 2 \
    --ssl_sets "train_clips train_sound" \
    --rounds 2 \
    --units_config "conf/units_mfcc.yaml conf/units_avhubert.yaml" \
    --avssl_config conf/train_avhubert.yaml \
    --avssl_tag uhubert \
    --train_config conf/train_avsr_fbank.yaml \
    --modes "A V AV" \
    --noises "clean babble:0" \
    --expected_scores "" \
    "$@"
