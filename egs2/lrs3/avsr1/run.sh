#!/usr/bin/env bash
# LRS3: audio-visual recognition of English talks, as AV-HuBERT was tested (arXiv 2201.01763).
# Set LRS3= and MUSAN= in db.sh; README.md has the whole way.
#   ./run.sh                              433 hours: pretrain and trainval
#   ./run.sh --train_set train_30h --tag av_hubert_large_30h --system "" \
#       --train_config conf/train_av_hubert_large.yaml                      trainval alone
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets test \
    --system av_hubert_large \
    --token_type unigram \
    --nbpe 1000 \
    --modes "A V AV" \
    --noises "clean babble:10 babble:5 babble:0 babble:-5 babble:-10" \
    "$@"
