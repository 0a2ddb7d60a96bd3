#!/usr/bin/env bash
# LibriSpeech -> ${datadir}/{train_960,valid,test_clean,test_other,...}; MuST-C -> {train,valid}_en_<l>; full
# frames of Kinetics-600, VoxCeleb2 and LRS3 -> {k600,vc2,lrs3}_{train,valid}. What db.sh does not name is left out.
set -euo pipefail

datadir=data
pairs="[en_de, en_it, en_nl]"   # of MuST-C
libri_opts=""                   # more options of `espnet-av prepare librispeech`
nj=4                            # processes that read headers

help_message="Usage: local/data.sh [--datadir data] [--pairs \"[en_de, en_it, en_nl]\"] [--nj 4]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${LIBRISPEECH}" ]; then
    echo "local/data.sh: set LIBRISPEECH in db.sh to the folder of its unpacked archives" >&2
    exit 1
fi
prepare() { python3 -m espnet_av.bin.prepare "$@"; }
# A corpus of films under our names: <train> and <valid> are those of the corpus.
films() {
    local name=$1 corpus=$2 root=$3 train=$4 valid=$5
    if [ -z "${root}" ]; then
        echo "local/data.sh: ${corpus} is not named in db.sh: no sets ${name}_train and ${name}_valid"
        return
    fi
    prepare "${corpus}" --frames full --num_jobs "${nj}" "${root}" "${datadir}/${corpus}"
    utils/copy_data_dir.sh "${datadir}/${corpus}/${train}" "${datadir}/${name}_train"
    utils/copy_data_dir.sh "${datadir}/${corpus}/${valid}" "${datadir}/${name}_valid"
}

# shellcheck disable=SC2086  # options are meant to split
prepare librispeech --num_jobs "${nj}" ${libri_opts} "${LIBRISPEECH}" "${datadir}"
if [ -n "${MUSTC}" ]; then
    prepare mustc --pairs "${pairs}" --num_jobs "${nj}" "${MUSTC}" "${datadir}/mustc"
    for folder in "${datadir}"/mustc/{train,valid}_en_*; do
        utils/copy_data_dir.sh "${folder}" "${datadir}/$(basename "${folder}")"
    done
else
    echo "local/data.sh: MUSTC is not set in db.sh: no mid-training"
fi
films k600 kinetics600 "${KINETICS600}" train valid
films vc2 voxceleb2 "${VOXCELEB2}" dev test
films lrs3 lrs3 "${LRS3}" train valid
