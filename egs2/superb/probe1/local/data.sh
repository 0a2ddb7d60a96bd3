#!/usr/bin/env bash
# Speech Commands 0.01 -> ${datadir}/ks_{train,valid,test}; Fluent Speech Commands -> ic_...; LibriSpeech and
# lexicons -> pr_...; Libri2Mix with turns -> sd_... What db.sh does not name is left out.
set -euo pipefail

datadir=data
nj=4                            # processes that read headers
max_unknown=0.001               # share of words that may be in no lexicon

help_message="Usage: local/data.sh [--datadir data] [--nj 4] [--max_unknown 0.001]"
. utils/parse_options.sh
. ./path.sh
. ./db.sh

prepare() { python3 -m espnet_av.bin.prepare "$@"; }
# The sets of a corpus under our names: <task> <corpus> <its train> <its valid> <its test>
take() {
    local task=$1 corpus=$2 name; shift 2
    for name in train valid test; do
        utils/copy_data_dir.sh "${datadir}/${corpus}/$1" "${datadir}/${task}_${name}"; shift
    done
}
skip() { echo "local/data.sh: $1 is not set in db.sh: no sets $2_..."; }

if [ -n "${SPEECH_COMMANDS}" ]; then
    prepare speech_commands --num_jobs "${nj}" "${SPEECH_COMMANDS}" "${datadir}/speech_commands"
    take ks speech_commands train valid test
else skip SPEECH_COMMANDS ks; fi
if [ -n "${FLUENT_SPEECH_COMMANDS}" ]; then
    prepare fluent_speech_commands --num_jobs "${nj}" "${FLUENT_SPEECH_COMMANDS}" "${datadir}/fluent"
    take ic fluent train valid test
else skip FLUENT_SPEECH_COMMANDS ic; fi
if [ -n "${LIBRISPEECH}" ] && [ -n "${SUPERB_LEXICON}" ]; then
    prepare librispeech --num_jobs "${nj}" "${LIBRISPEECH}" "${datadir}/librispeech"
    for name in train_clean_100 dev_clean test_clean; do
        prepare phone_lexicon --max_missing_ratio "${max_unknown}" "${SUPERB_LEXICON}" "${datadir}/librispeech/${name}"
    done
    take pr librispeech train_clean_100 dev_clean test_clean
else skip "LIBRISPEECH or SUPERB_LEXICON" pr; fi
if [ -n "${LIBRIMIX}" ] && [ -n "${LIBRIMIX_RTTM}" ]; then
    prepare librimix --splits "[train-100, dev, test]" --num_jobs "${nj}" "${LIBRIMIX}" "${LIBRIMIX_RTTM}" "${datadir}/librimix"
    take sd librimix train valid test
else skip "LIBRIMIX or LIBRIMIX_RTTM" sd; fi
