#!/usr/bin/env bash
# FAVA on GRID, conf/experiments_fava.yaml: an audio-visual RNN-T from scratch, from BEST-RQ on sound, or from an RNN-T
# of sound alone. Three seeds of each, one table: 40 minutes of two cores; what is done stays done.
#   --only fava_scratch      --only fava_bestrq      --only fava_convert_s2      --seeds "1"
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments_fava.yaml \
    --stop_stage score \
    --jobs 2 \
    --decode_nj 1 \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type word \
    --unit_parts 3 \
    --decode_config conf/decode_transducer.yaml \
    --modes "A AV" \
    --noises "clean babble:0" \
    --missing_video "$(echo {whole,frames,start,middle,end}:{0.3,0.7})" \
    --expected_scores "" \
    "$@"
