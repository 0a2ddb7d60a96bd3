#!/usr/bin/env bash
# The same with lips, which no paper tried: an encoder of sound and lips is distilled as SAMU-XLS-R is, and
# its translator is tested with sound and with both, clean and in babble of equal loudness.
#   --seeds "1 2 3"     the comparison over seeds
# The corpus has faces, so it is another one, in folders of its own. Two CPU cores. README.md tells more.
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments_av.yaml \
    --local_data_opts "--corpus_config conf/corpus_av.yaml --textsdir downloads/texts_av --num_mid 40 --num_low 10" \
    --stop_stage score \
    --datadir data_av \
    --dumpdir dump_av \
    --expdir exp_av \
    --roi_config ../avsr1/conf/roi.yaml \
    --dump_config ../avsr1/conf/dump.yaml \
    --noise_config ../avsr1/conf/noise.yaml \
    --vectors_config conf/vectors.yaml \
    --teacher downloads/texts_av/teacher \
    --train_set train_high \
    --valid_set valid \
    --test_sets test \
    --tgt_lang en \
    --num_processes 2 \
    --modes "A AV" \
    --noises "clean babble:0" \
    --expected_scores expected_av.yaml \
    "$@"
