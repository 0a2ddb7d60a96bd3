#!/usr/bin/env bash
# SAMU-XLS-R: XLS-R learns the vectors that LaBSE gives the transcripts of Common Voice 8, in 53 languages.
#   ./run.sh --ngpu 8                       the distillation, and the control that learns to spell
#   ./run.sh --only samu_xlsr_300m          the distillation alone
#   languages="fr de" ./run.sh              of fewer languages
# Set COMMON_VOICE= in db.sh; README.md has the downloads.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./db.sh

languages=${languages:-$(tail -n +2 conf/hours.tsv | cut -f 1)}
exec ./av.sh \
    --experiments conf/experiments.yaml \
    --local_data_opts "--languages $(tr ' \n' ',,' <<<"${languages}" | sed 's/,*$//')" \
    --stop_stage score \
    --roi_config none \
    --noise_config none \
    --vectors_config conf/vectors.yaml \
    --teacher "${TEACHER:-downloads/labse}" \
    --nj 16 \
    --train_set train \
    --valid_set valid \
    --test_sets "$(for lang in ${languages}; do echo "test_${lang}"; done)" \
    --modes A \
    --noises clean \
    "$@"
