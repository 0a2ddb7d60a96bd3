#!/usr/bin/env bash
# FAVA (arXiv 2312.09369): an RNN-T over sound and lips, from a model that was pre-trained on sound alone.
# Pre-train it first, in ../../voxceleb2/ssl1. README.md, 5, has the whole way.
#   --system fava_600m                     another size
#   --finetune_from exp/fava_audio         any recogniser of sound, ours or one that `espnet-av convert` made
# Such a start, or none, is another row of the tables: README.md has the --system to add.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --train_set train \
    --valid_set valid \
    --test_sets test \
    --system fava_120m \
    --finetune_from ../../voxceleb2/ssl1/exp/bestrq_120m \
    --token_type unigram \
    --nbpe 1024 \
    --decode_config conf/decode_transducer.yaml \
    --modes "A V AV" \
    --noises "clean babble:10 babble:5 babble:0 babble:-5" \
    "$@"
