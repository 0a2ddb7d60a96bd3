#!/usr/bin/env bash
# Libri-Light, Audiocite, COCO and items of ZeroSpeech -> ${datadir}/speech_{train_<l>_{a,b},valid_<l>},
# caption_{train,valid,test}_<l> with the names of their images, speech_test_<l> with its items; and both
# languages as <split>_bi
set -euo pipefail

datadir=data
hours=1000              # of each language, in halves of other speakers: models of two hear one of each
speech_opts=""          # more options of `espnet-av prepare librilight` and `... audiocite`
voices="{en: [en-us+m3, en-us+f2], fr: [fr-fr+m3, fr-fr+f2]}"   # as the program of TTS in db.sh calls them
caption_opts=""         # more options of `espnet-av prepare mlcoco`
duration=10s            # of the files of ZeroSpeech 2017 that are tested: 1s, 10s or 120s
nj=4                    # processes that read, and that speak

help_message="Usage: local/data.sh [--datadir data] [--hours 1000] [--voices \"{en: [...], fr: [...]}\"] ..."
. utils/parse_options.sh
. ./path.sh
. ./db.sh

for name in LIBRILIGHT AUDIOCITE COCO COCO_FR ZEROSPEECH; do
    if [ -z "${!name}" ]; then
        echo "local/data.sh: set ${name} in db.sh; what is expected there is told beside it" >&2
        exit 1
    fi
done
espeak="espeak-ng -v {voice} -w {wav} -f {text_file}"
prepare() { python3 -m espnet_av.bin.prepare "$@"; }

# shellcheck disable=SC2086  # options are meant to split
{
    prepare librilight --hours "${hours}" --parts 2 --num_jobs "${nj}" ${speech_opts} \
        "${LIBRILIGHT}" "${datadir}/librilight"
    prepare audiocite --hours "${hours}" --parts 2 --num_jobs "${nj}" ${speech_opts} \
        "${AUDIOCITE}" "${datadir}/audiocite"
    prepare mlcoco --voices "${voices}" --translations "{fr: '${COCO_FR}'}" --num_jobs "${nj}" \
        --tts "${TTS:-${espeak}}" ${KARPATHY:+--karpathy "${KARPATHY}"} ${caption_opts} \
        "${COCO}" "${datadir}/mlcoco"
}
prepare zerospeech --num_jobs "${nj}" "${ZEROSPEECH}" "${datadir}/zerospeech"

for pair in en:librilight:english fr:audiocite:french; do
    IFS=: read -r lang corpus items <<<"${pair}"
    for half in a b; do
        utils/copy_data_dir.sh "${datadir}/${corpus}/train_${half}" "${datadir}/speech_train_${lang}_${half}"
    done
    utils/copy_data_dir.sh "${datadir}/${corpus}/valid" "${datadir}/speech_valid_${lang}"
    for split in train valid test; do
        utils/copy_data_dir.sh "${datadir}/mlcoco/${split}_${lang}" "${datadir}/caption_${split}_${lang}"
    done
    utils/copy_data_dir.sh "${datadir}/zerospeech/${items}_${duration}" "${datadir}/speech_test_${lang}"
    cp "${datadir}/zerospeech/${items}_${duration}/items" "${datadir}/speech_test_${lang}/items"
done
# What models of both languages are validated and tested with.
for name in speech_valid speech_test caption_valid caption_test; do
    utils/combine_data.sh "${datadir}/${name}_bi" "${datadir}/${name}_en" "${datadir}/${name}_fr"
done
