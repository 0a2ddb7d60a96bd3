#!/usr/bin/env bash
# Common Voice -> ${datadir}/{train,valid} of all languages together, and ${datadir}/test_<lang>
set -euo pipefail

datadir=data
languages=              # as fr,de; default: those of conf/hours.tsv
corpus_opts=""          # more options of `espnet-av prepare common_voice`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--languages fr,de] [--corpus_opts ...]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${COMMON_VOICE}" ]; then
    echo "local/data.sh: set COMMON_VOICE in db.sh to one release, such as cv-corpus-8.0-2022-01-19" >&2
    exit 1
fi
languages=${languages:-$(tail -n +2 conf/hours.tsv | cut -f 1 | paste -sd ,)}
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare common_voice --languages "[${languages}]" ${corpus_opts} \
    "${COMMON_VOICE}" "${datadir}"
for split in train valid; do
    # shellcheck disable=SC2046  # names of languages
    utils/combine_data.sh "${datadir}/${split}" \
        $(for lang in ${languages//,/ }; do [ ! -d "${datadir}/${split}_${lang}" ] || echo "${datadir}/${split}_${lang}"; done)
done
