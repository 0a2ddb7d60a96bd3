#!/usr/bin/env bash
# MuAViC: speech, lips or both translated into text, with the models of ../avsr1.
#   ./run.sh            six languages into English, one model (the paper's Tables 3 and 10)
#   tgt=el ./run.sh     English into Greek; also es, fr, it, pt, ru: one model each
# Set MUAVIC=, FLEURS= and MUSAN= in db.sh; README.md has the whole way.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh
. ./db.sh

tgt=${tgt:-en}
languages=${languages:-el es fr it pt ru}       # or fewer: languages="es it" ./run.sh
if [ "${tgt}" = en ]; then
    way=x_en tests=$(for lang in ${languages}; do echo "test_${lang}_en"; done)
    read_speech=$(for lang in ${languages}; do echo "fleurs_${lang}"; done) babble=${tests}
else
    # Babble of held-out training voices: the same for every target.
    way=en_x tests="test_en_${tgt}" read_speech="" babble=""
fi

exec ./av.sh \
    --local_data_opts "--languages ${languages// /,} --way ${way}" \
    --datadir "data/${way}" \
    --dumpdir "dump/${way}" \
    --test_sets "${tests} ${FLEURS:+${read_speech}}" \
    --babble_sets "${babble}" \
    --tgt_lang "${tgt}" \
    --conf ../avsr1/conf \
    --system xlavsr_300m \
    --train_args "--override max_steps=30000" \
    --token_type unigram \
    --nbpe 1000 \
    --modes "A AV" \
    --noises "clean babble:0" \
    "$@"
