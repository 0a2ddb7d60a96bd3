#!/usr/bin/env bash
# mini_av: commands spoken in four languages, translated into English from sound, lips or both.
# The corpus is made by this machine, as in ../avsr1, whose settings of mouths, archives and noise
# are used. Two CPU cores, no data, no download: about twenty minutes.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --local_data_opts "--corpus_config conf/corpus_xx-en.yaml" \
    --train_set train \
    --valid_set valid \
    --test_sets "test" \
    --tgt_lang en \
    --token_type word \
    --num_processes 2 \
    --conf ../avsr1/conf \
    --train_config conf/train_avst.yaml \
    --decode_config conf/decode.yaml \
    --modes "A V AV" \
    --noises "clean babble:0" \
    "$@"
