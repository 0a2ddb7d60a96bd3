#!/usr/bin/env bash
# ML-COCO: HuBERT of English, of French and of both, then grounded in images (arXiv 2509.17523), at the size
# of the paper. Set LIBRILIGHT, AUDIOCITE, COCO, COCO_FR, COCO_FEATURES, ZEROSPEECH in db.sh; README.md has
# the whole way and a rehearsal.
#   --only "vgs_bi"        just this, and what it starts from
#   --seeds "1 2 3"        the second stage, which is cheap, over seeds
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./db.sh

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --train_set caption_train_en \
    --valid_set caption_valid_en \
    --test_sets speech_test_en \
    --images_config conf/images.yaml \
    --image_sources "${COCO_FEATURES:-downloads/coco_features}" \
    --roi_config none \
    --noise_config none \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
