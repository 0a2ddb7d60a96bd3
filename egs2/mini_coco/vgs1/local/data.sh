#!/usr/bin/env bash
# mini_coco, made here -> ${datadir}/{speech,caption}_<split>_<language>..., and both languages as <split>_bi
set -euo pipefail

datadir=data
corpus_config=conf/corpus.yaml      # what to make
corpusdir=                          # where; default: downloads/<name of the configuration>
nj=2                                # processes that make it

help_message="Usage: local/data.sh [--datadir data] [--corpus_config conf/corpus.yaml] [--nj 2]"
. utils/parse_options.sh
. ./path.sh

corpusdir=${corpusdir:-downloads/$(basename "${corpus_config}" .yaml)}
python3 -m espnet_av.bin.prepare mini_coco --config "${corpus_config}" --nj "${nj}" \
    "${corpusdir}" "${datadir}"

# What models of both languages are validated and tested with.
for name in speech_valid speech_test caption_valid caption_test; do
    utils/combine_data.sh "${datadir}/${name}_bi" "${datadir}/${name}_en" "${datadir}/${name}_fr"
done
utils/combine_data.sh "${datadir}/caption_valid_bi_shuffled" "${datadir}"/caption_valid_{en,fr}_shuffled
