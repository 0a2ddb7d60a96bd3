#!/usr/bin/env bash
# One step of run_comparison.sh: pre-training of a system, or its fine-tuning on sound and lips (AV) or
# on sound alone (A) from one seed, decoded, scored. What an idle core takes for a step is noted.
set -euo pipefail

usage="Usage: local/system.sh pretrain <system> | tune <system> AV|A <seed>
Systems: scratch sound avhubert units wave xlavsr"
if ! { [ "${1:-}" = pretrain ] && [ $# -eq 2 ]; } && ! { [ "${1:-}" = tune ] && [ $# -eq 4 ]; }; then
    echo "${usage}" >&2; exit 1
fi
action=$1 system=$2 heard=${3:-} seed=${4:-1}

# args <steps> [<key=value>...]: options of a training
args() { printf -- '--override %s ' num_workers=0 "seed=${seed}" "max_steps=$1" "${@:2}"; }
short=(batch_frames=300 max_utts=4 scheduler_conf.warmup_steps=100)
sound=(--ssl_tag sound --ssl_config conf/train_wav2vec2.yaml)
sound+=(--ssl_args "$(args 2500 "${short[@]}")")                            # 0.15 s
lips=(--avssl_tag "${system}" --avssl_args "$(args 700 "${short[@]}")")     # 0.2 s; wave 0.3 s
units=(--units_config conf/units_wav2vec2.yaml --units_from sound)
mfcc=(--rounds 2 --units_config "conf/units_mfcc.yaml conf/units_avhubert.yaml")
start=exp/${system}_r1 tune=wave
case ${system} in
    scratch) how=() start=none ;;
    sound) how=("${sound[@]}") start=exp/sound ;;
    avhubert) how=("${mfcc[@]}" "${lips[@]}" --avssl_config conf/train_avhubert.yaml)
        start=exp/avhubert_r2 tune=fbank ;;
    units) how=("${units[@]}" "${lips[@]}" --avssl_config conf/train_avhubert.yaml) tune=fbank ;;
    wave) how=("${units[@]}" "${lips[@]}" --avssl_config conf/train_xlavsr.yaml) ;;
    xlavsr) how=("${sound[@]}" "${units[@]}" "${lips[@]}" --avssl_config conf/train_xlavsr.yaml) ;;
    *) echo "${usage}; there is no '${system}'" >&2; exit 1 ;;
esac
if [ "${action}" = pretrain ]; then exec ./av.sh --stage 4 --stop_stage 6 --decode_nj 1 ${how[@]+"${how[@]}"}; fi
tune_args=$(args 450 model_conf.freeze_encoder_steps=0 "dataset.modalities=${heard}")
exec ./av.sh --stage 9 --stop_stage 11 --decode_nj 1 --modes "A AV" --noises "clean babble:0" \
    --expected_scores "" --token_type word --finetune_from "${start}" \
    --train_config "conf/train_avsr_${tune}.yaml" --train_args "${tune_args}" \
    --tag "${system}_${heard}_s${seed}"
