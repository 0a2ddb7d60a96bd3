#!/usr/bin/env bash
# Europarl-ST: debates in nine languages, translated into English or into each other, by XLS-R and SAMU-XLS-R with
# mBART-50's decoder; trained on four source languages, tested on all.
#   ./run.sh --ngpu 8                 into English (Table VI, Figure 6)
#   way=x_y ./run.sh --ngpu 8         72 directions (Figure 5)
#   ./run.sh --only samu_adapters     one system
# Set EUROPARL_ST= in db.sh; README.md has the downloads.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh

way=${way:-x_en}
case ${way} in x_en) target=en expected=scores ;; x_y) target="" expected=x_y ;; *) echo "$0: way is x_en or x_y, not '${way}'" >&2; exit 1 ;; esac
exec ./av.sh \
    --experiments "conf/experiments_${way}.yaml" \
    --local_data_opts "--way ${way}" \
    --datadir "data/${way}" \
    --dumpdir "dump/${way}" \
    --stop_stage score \
    --roi_config none \
    --noise_config none \
    --nj 16 \
    --train_set train_shown \
    --valid_set valid_shown \
    --test_sets "$(for lang in fr de es it pl pt ro nl; do echo "test_${lang}_en"; done)" \
    --tgt_lang "${target}" \
    --modes A \
    --noises clean \
    --expected_scores "expected_${expected}.yaml" \
    "$@"
