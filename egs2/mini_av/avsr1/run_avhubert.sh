#!/usr/bin/env bash
# AV-HuBERT on mini_av: clusters of MFCC, audio-visual pre-training, then once more on clusters of its
# own features; fine-tuning with a tenth of the transcripts. The five iterations of the paper:
#   --rounds 5 --units_config "$(echo conf/full/units_mfcc.yaml conf/full/units_avhubert_r{2..5}.yaml)" \
#   --avssl_config "$(printf "conf/full/train_avhubert_base%s.yaml " "" "" "" "" _iter5)"
# Two CPU cores; conf/full has the configurations of the published sizes.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type char \
    --num_processes 2 \
    --rounds 2 \
    --units_config "conf/units_mfcc.yaml conf/units_avhubert.yaml" \
    --avssl_config conf/train_avhubert.yaml \
    --train_config conf/train_avsr_fbank.yaml \
    --modes "A V AV" \
    --noises "clean babble:0" \
    --expected_scores "" \
    "$@"
