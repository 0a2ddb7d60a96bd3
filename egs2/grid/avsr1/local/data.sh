#!/usr/bin/env bash
# GRID as published -> ${datadir}/{train,valid,test}
set -euo pipefail

datadir=data
grid_opts=""           # more options of `espnet-av prepare grid`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--grid_opts \"...\"]; the corpus is GRID= in db.sh"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${GRID}" ]; then
    echo "local/data.sh: set GRID in db.sh to the folder with the talkers' clips" >&2
    exit 1
fi
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare grid ${grid_opts} "${GRID}" "${datadir}"
