#!/usr/bin/env bash
# Europarl-ST -> ${datadir}/{train,valid,test}_<source>_<target>, ${datadir}/{train,valid}_shown of the sources that
# are shown, and into English ${datadir}/{train,valid} of all
set -euo pipefail

datadir=data
way=x_en                # into English, or x_y: into each other
corpus_opts=""          # more options of `espnet-av prepare europarl_st`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--way x_en] [--corpus_opts ...]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${EUROPARL_ST}" ]; then
    echo "local/data.sh: set EUROPARL_ST in db.sh to the unpacked archive of version 1.1" >&2
    exit 1
fi
languages="fr de es it pl pt ro nl en" shown="fr de es it"
case ${way} in
    x_en) targets=en ;;
    x_y) targets=${languages} ;;
    *) echo "local/data.sh: --way is x_en or x_y, not '${way}'" >&2; exit 1 ;;
esac
# pairs <source>...: every pair of one of them and a target
pairs() { local a b; for a in "$@"; do for b in ${targets}; do [ "${a}" = "${b}" ] || echo "${a}_${b}"; done; done; }
# shellcheck disable=SC2046,SC2086  # lists of languages, and options that are meant to split
{
    python3 -m espnet_av.bin.prepare europarl_st --pairs "[$(pairs ${languages} | paste -sd ,)]" ${corpus_opts} \
        "${EUROPARL_ST}" "${datadir}"
    for split in train valid; do
        utils/combine_data.sh "${datadir}/${split}_shown" $(pairs ${shown} | sed "s|^|${datadir}/${split}_|")
        if [ "${way}" = x_en ]; then
            # What the recogniser of the cascade may hear; English is only written.
            utils/combine_data.sh "${datadir}/${split}" $(pairs ${languages} | sed "s|^|${datadir}/${split}_|")
        fi
    done
}
