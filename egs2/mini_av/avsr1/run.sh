#!/usr/bin/env bash
# mini_av: audio-visual speech recognition on a corpus that this machine makes itself.
# A few hundred sentences of a small command grammar, spoken by synthetic voices, with a talking face.
# Two CPU cores, no data, no download: about a quarter of an hour.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type char \
    --num_processes 2 \
    --train_config conf/train_avsr.yaml \
    --decode_config conf/decode.yaml \
    --modes "A V AV" \
    --noises "clean babble:10 babble:0 babble:-5" \
    "$@"
