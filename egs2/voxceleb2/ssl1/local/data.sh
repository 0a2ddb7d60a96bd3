#!/usr/bin/env bash
# VoxCeleb2 -> ${datadir}/{dev,test,valid}, sound alone, without transcripts
set -euo pipefail

datadir=data
num_valid=1000          # utterances of `test`, whose speakers are not in `dev`, to validate with
voxceleb2_opts=""       # more options of `espnet-av prepare voxceleb2`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--num_valid 1000] [--voxceleb2_opts \"...\"]; the corpus is VOXCELEB2= in db.sh"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${VOXCELEB2}" ]; then
    echo "local/data.sh: set VOXCELEB2 in db.sh to the folder that holds dev/ and test/" >&2
    exit 1
fi
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare voxceleb2 --sound_only true ${voxceleb2_opts} "${VOXCELEB2}" "${datadir}"
utils/subset_data_dir.sh "${datadir}/test" "${num_valid}" "${datadir}/valid"
