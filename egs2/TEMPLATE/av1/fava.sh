#!/usr/bin/env bash
# One way to an audio-visual RNN-T, as in FAVA (arXiv 2312.09369): trained, decoded, scored. A recipe's
# run_fava.sh links here with its options of av.sh; its conf/ has train_fava.yaml and train_bestrq.yaml.
set -euo pipefail

usage="Usage: ./run_fava.sh [--system scratch|bestrq|convert] [--seed 1] [--tag fava] [--option value]...
  scratch   sound and lips, from random weights
  bestrq    BEST-RQ on sound alone (stage 4, experiment bestrq for all seeds), then sound and lips
  convert   transcripts by sound alone (experiment <tag>_audio_s<seed>), then sound and lips
The experiment is <tag>_<system>_s<seed>. The other options are those of av.sh."

system=scratch seed=1 tag=fava train_args="" options=()
while [ $# -gt 0 ]; do
    case $1 in
        --system|--seed|--tag|--train_args)
            if [ $# -lt 2 ]; then echo "${usage}" >&2; exit 1; fi
            printf -v "${1#--}" '%s' "$2"; shift 2 ;;
        --help|-h) echo "${usage}"; exec ./av.sh --help ;;
        *) options+=("$1"); shift ;;
    esac
done

train_args+=" --override seed=${seed}"
audio="--override dataset.modalities=A --override model_conf.visual_frontend=none --override model_conf.fusion=none"

# Bash 3.2, of macOS, takes an empty array for one that is not set; hence the forms with `+`.
# recogniser <name> [<option of av.sh>...]: its options come last and win
recogniser() {
    ./av.sh --train_config conf/train_fava.yaml --decode_config conf/decode_transducer.yaml \
        --train_args "${train_args}" ${options[@]+"${options[@]}"} --tag "${tag}_$1_s${seed}" "${@:2}"
}
case ${system} in
    scratch) recogniser scratch ;;
    bestrq) options=(--ssl_config conf/train_bestrq.yaml ${options[@]+"${options[@]}"}); recogniser bestrq ;;
    convert)
        recogniser audio --modes A --missing_video "" --train_args "${train_args} ${audio}"
        recogniser convert --ssl_config "" --ssl_tag "${tag}_audio_s${seed}" ;;
    *) printf "%s\nThere is no --system '%s'\n" "${usage}" "${system}" >&2; exit 1 ;;
esac
