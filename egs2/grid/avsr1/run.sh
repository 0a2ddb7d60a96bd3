#!/usr/bin/env bash
# GRID: audio-visual recognition of six-word commands, from the published face videos.
# Put the corpus root in db.sh (GRID=). One talker, two CPU cores: within an hour.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --token_type char \
    --unit_parts 3 \
    --num_processes 2 \
    --train_config conf/train_avsr.yaml \
    --decode_config conf/decode.yaml \
    --modes "A V AV" \
    --noises "clean babble:10 babble:5 babble:0 babble:-5" \
    "$@"
