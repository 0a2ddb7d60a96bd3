#!/usr/bin/env bash
# The sound of mini_av, as ../avsr1 synthesises it -> ${datadir}/{train,valid,test}, and two voices mixed as ..._mix
set -euo pipefail

datadir=data
corpus_config=../avsr1/conf/corpus_demo.yaml    # what to synthesise
corpusdir=                                      # where; default: that of ../avsr1
nj=2                                            # processes that synthesise

help_message="Usage: local/data.sh [--datadir data] [--corpus_config ../avsr1/conf/corpus_demo.yaml] [--nj 2]"
. utils/parse_options.sh
. ./path.sh

corpusdir=${corpusdir:-../avsr1/downloads/$(basename "${corpus_config}" .yaml)}
python3 -m espnet_av.bin.prepare mini_superb --config "${corpus_config}" --nj "${nj}" \
    "${corpusdir}" "${datadir}"
