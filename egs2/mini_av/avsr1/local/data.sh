#!/usr/bin/env bash
# mini_av, synthesised here -> ${datadir}/{train,valid,test,test_unseen}
set -euo pipefail

datadir=data
corpus_config=conf/corpus_demo.yaml     # what to synthesise; conf/corpus_9lang.yaml has all languages
corpusdir=                              # where; default: downloads/<name of the configuration>
nj=2                                    # processes that synthesise

help_message="Usage: local/data.sh [--datadir data] [--corpus_config conf/corpus_demo.yaml] [--nj 2]"
. utils/parse_options.sh
. ./path.sh

corpusdir=${corpusdir:-downloads/$(basename "${corpus_config}" .yaml)}
python3 -m espnet_av.bin.prepare mini_av --config "${corpus_config}" --nj "${nj}" \
    "${corpusdir}" "${datadir}"
