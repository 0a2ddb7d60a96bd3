#!/usr/bin/env bash
# MuAViC -> ${datadir}/{train,valid,test_<lang>...}; FLEURS, if there, -> ${datadir}/fleurs_<lang>...
set -euo pipefail

datadir=data
languages=en,ar,de,el,es,fr,it,pt,ru
muavic_opts=""          # more options of `espnet-av prepare muavic`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--languages en,de] [--muavic_opts \"...\"]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${MUAVIC}" ]; then
    echo "local/data.sh: set MUAVIC in db.sh to the folder that holds muavic/ and metadata/" >&2
    exit 1
fi
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare muavic --languages "[${languages}]" ${muavic_opts} \
    "${MUAVIC}" "${datadir}"
if [ -z "${FLEURS}" ]; then exit; fi
python3 -m espnet_av.bin.prepare fleurs --languages "[${languages}]" --splits "[test]" \
    "${FLEURS}" "${datadir}/fleurs"
for lang in ${languages//,/ }; do
    utils/copy_data_dir.sh "${datadir}/fleurs/test_${lang}" "${datadir}/fleurs_${lang}"
done
