#!/usr/bin/env bash
# CoVoST-2 -> ${datadir}/{train,valid,test}_<lang>_en, ${datadir}/{train,valid} of all and ${datadir}/{train,valid}_high
set -euo pipefail

datadir=data
languages=fr,de,es,ca,fa,it,ru,pt,zh-CN,nl,tr,et,mn,ar,sv-SE,lv,sl,ta,ja,id,cy
corpus_opts=""          # more options of `espnet-av prepare covost2`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--languages fr,de] [--corpus_opts ...]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

for name in COMMON_VOICE COVOST2; do
    if [ -z "${!name}" ]; then
        echo "local/data.sh: set ${name} in db.sh; what is expected there is told beside it" >&2
        exit 1
    fi
done
pairs=$(for lang in ${languages//,/ }; do echo "${lang}_en"; done | paste -sd ,)
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare covost2 --pairs "[${pairs}]" ${corpus_opts} \
    "${COMMON_VOICE}" "${COVOST2}" "${datadir}"
# combine <name> <language>...: the training and validation sets of those that there are
combine() {
    local name=$1 split lang found; shift
    for split in train valid; do
        found=$(for lang in "$@"; do ls -d "${datadir}/${split}_${lang}_en" 2>/dev/null || true; done)
        # shellcheck disable=SC2086  # folders
        if [ -n "${found}" ]; then utils/combine_data.sh "${datadir}/${split}${name}" ${found}; fi
    done
}
# shellcheck disable=SC2086  # languages
combine "" ${languages//,/ }
combine _high fr de es ca
