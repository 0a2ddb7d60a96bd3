#!/usr/bin/env bash
# LRS3 -> ${datadir}/{train,train_30h,pretrain,valid,test}
set -euo pipefail

datadir=data
lrs3_opts=""            # more options of `espnet-av prepare lrs3`, see its --help

help_message="Usage: local/data.sh [--datadir data] [--lrs3_opts \"...\"]; the corpus is LRS3= in db.sh"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

if [ -z "${LRS3}" ]; then
    echo "local/data.sh: set LRS3 in db.sh to the folder that holds pretrain/, trainval/, test/" >&2
    exit 1
fi
# shellcheck disable=SC2086  # options are meant to split
python3 -m espnet_av.bin.prepare lrs3 ${LRS3_LANDMARKS:+--landmarks_dir "${LRS3_LANDMARKS}"} \
    ${lrs3_opts} "${LRS3}" "${datadir}"
