#!/usr/bin/env bash
# CoVoST-2: speech in 21 languages translated into English, by XLS-R and by SAMU-XLS-R with mBART-50's decoder.
#   ./run.sh --ngpu 8                    everything
#   ./run.sh --ngpu 8 --only st_samu     one system
#   ./run.sh --ngpu 8 --only zero_samu   shown four languages, tested in 21
# Set COMMON_VOICE= and COVOST2= in db.sh; README.md has the downloads.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./db.sh

languages=${languages:-fr de es ca fa it ru pt zh-CN nl tr et mn ar sv-SE lv sl ta ja id cy}
exec ./av.sh \
    --experiments conf/experiments.yaml \
    --local_data_opts "--languages ${languages// /,}" \
    --stop_stage score \
    --roi_config none \
    --noise_config none \
    --nj 16 \
    --train_set train \
    --valid_set valid \
    --test_sets "$(for lang in ${languages}; do echo "test_${lang}_en"; done)" \
    --tgt_lang en \
    --modes A \
    --noises clean \
    "$@"
