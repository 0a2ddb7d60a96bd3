#!/usr/bin/env bash
# One system of run_comparison.sh from one seed: pre-training, fine-tuning on sound and lips (AV) and on
# sound alone (A), decoded, scored. What one core takes for a step is beside the number of steps.
# units, wave and xlavsr need `local/system.sh sound <seed>` first: its model gives units and weights.
set -euo pipefail

usage="Usage: local/system.sh scratch|sound|avhubert|units|wave|xlavsr <seed>"
if [ $# -ne 2 ]; then echo "${usage}" >&2; exit 1; fi
system=$1 seed=$2 tune=wave heards="AV A"

# args <steps> [<key=value>...]: options of a training
args() { printf -- '--override %s ' num_workers=0 "seed=${seed}" "max_steps=$1" "${@:2}"; }
short=(batch_frames=300 max_utts=4 scheduler_conf.warmup_steps=50)
sound=(--ssl_tag "sound_s${seed}" --ssl_config conf/train_wav2vec2.yaml)
sound+=(--ssl_args "$(args 800 "${short[@]}")")                                     # 0.21 s
lips=(--avssl_tag "${system}_s${seed}" --avssl_args "$(args 450 "${short[@]}")")    # 0.18 s, wave 0.29 s
units=(--units_config conf/units_wav2vec2.yaml --units_from "sound_s${seed}")
mfcc=(--rounds 2 --units_config "conf/units_mfcc.yaml conf/units_avhubert.yaml")
case ${system} in
    scratch) how=() ;;
    sound) how=("${sound[@]}") ;;
    avhubert) how=("${mfcc[@]}" "${lips[@]}" --avssl_config conf/train_avhubert.yaml) tune=fbank ;;
    units) how=("${units[@]}" "${lips[@]}" --avssl_config conf/train_avhubert.yaml) tune=fbank ;;
    wave) how=("${units[@]}" "${lips[@]}" --avssl_config conf/train_xlavsr.yaml) ;;
    xlavsr) how=("${sound[@]}" "${units[@]}" "${lips[@]}" --avssl_config conf/train_xlavsr.yaml) ;;
    *) echo "${usage}; there is no '${system}'" >&2; exit 1 ;;
esac
case ${system} in units|wave) heards=AV ;; esac    # steps of the ablation, which has no zero-shot part
tune_args=$(args 430 model_conf.freeze_encoder_steps=0)    # fbank 0.17 s (A: 0.07 s), wave 0.31 s (0.22 s)
for heard in ${heards}; do
    ./av.sh --stage 4 --stop_stage 11 --decode_nj 1 --modes "A AV" --noises "clean babble:0" \
        --expected_scores "" "${how[@]}" --train_config "conf/train_avsr_${tune}.yaml" \
        --train_args "${tune_args} --override dataset.modalities=${heard}" \
        --tag "${system}_${heard}_s${seed}"
done
