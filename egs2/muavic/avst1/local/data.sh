#!/usr/bin/env bash
# MuAViC -> ${datadir}/{train,valid} and tests with translations: x_en test_<lang>_en, en_x
# test_en_<lang>; for x_en FLEURS, if there, -> ${datadir}/fleurs_<lang>
set -euo pipefail

datadir=data
languages=el,es,fr,it,pt,ru
way=x_en                # these languages into English, or en_x: English into them
muavic_opts=""          # more options of `espnet-av prepare muavic`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--languages el,es] [--way en_x] [--muavic_opts ...]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${MUAVIC}" ]; then
    echo "local/data.sh: set MUAVIC in db.sh to the folder that holds muavic/ and metadata/" >&2
    exit 1
fi
case "${way}" in
    x_en) translate=to_en ;;
    en_x) translate=from_en ;;
    *) echo "local/data.sh: --way is x_en or en_x, not '${way}'" >&2; exit 1 ;;
esac
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare muavic --languages "[${languages}]" --translate "${translate}" \
    ${muavic_opts} "${MUAVIC}" "${datadir}"
if [ "${way}" = en_x ] || [ -z "${FLEURS}" ]; then exit; fi
python3 -m espnet_av.bin.prepare fleurs --languages "[${languages}]" --splits "[test]" \
    --translate_to en "${FLEURS}" "${datadir}/fleurs"
for lang in ${languages//,/ }; do
    utils/copy_data_dir.sh "${datadir}/fleurs/test_${lang}" "${datadir}/fleurs_${lang}"
done
