#!/usr/bin/env bash
# MuAViC: one model recognises nine languages from sound, lips or both, as XLAVS-R was tested
# (arXiv 2403.14402). Set MUAVIC=, FLEURS= and MUSAN= in db.sh; README.md has the whole way.
# The rows of the paper's tables: --system xlavsr_300m, xlavsr_2b, av_hubert, u_hubert, or
# xls_r_300m with --modes A.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./db.sh

languages=${languages:-en ar de el es fr it pt ru}      # or fewer: languages="de it" ./run.sh
# shellcheck disable=SC2086  # one set a language
tests=$(printf 'test_%s ' ${languages}) read_speech=$(printf 'fleurs_%s ' ${languages})

exec ./av.sh \
    --local_data_opts "--languages ${languages// /,}" \
    --train_set train \
    --valid_set valid \
    --test_sets "${tests}${FLEURS:+${read_speech}}" \
    --babble_sets "${tests}" \
    --system xlavsr_300m \
    --token_type unigram \
    --nbpe 1000 \
    --token_args "--temperature 2" \
    --modes "A AV" \
    --noises "clean babble:0" \
    "$@"
