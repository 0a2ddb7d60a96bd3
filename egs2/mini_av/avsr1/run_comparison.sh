#!/usr/bin/env bash
# Pre-training compared on mini_av: from scratch; wav2vec 2.0 on sound; AV-HuBERT; and by the steps of
# XLAVS-R's ablation to XLAVS-R. Each system is pre-trained once; then every seed learns from a tenth of
# the transcripts: from sound and lips, and once more from sound alone, which tested with lips is
# zero-shot. The spread is that of fine-tuning. Two CPU cores, about an hour; what is done stays done.
# Ends with results/comparison.md.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh

seeds="1 2 3"
jobs=2              # trainings side by side, of one process each
help_message="Usage: ./run_comparison.sh [--seeds '1 2 3'] [--jobs 2]"
. utils/parse_options.sh

# tune <system> <A or AV>...: a line for every seed and kind of fine-tuning
tune() { for seed in ${seeds}; do for heard in "${@:2}"; do echo "tune $1 ${heard} ${seed}"; done; done; }
# run_side_by_side: the lines of stdin, each as arguments of local/system.sh
run_side_by_side() { xargs -L 1 -P "${jobs}" local/system.sh; }

./av.sh --stop_stage 3 --nj "${jobs}"
./av.sh --stage 8 --stop_stage 8 --token_type word
printf 'pretrain %s\n' sound avhubert | run_side_by_side
{
    printf 'pretrain %s\n' wave xlavsr units    # they need units and weights of `sound`
    tune scratch AV A
    tune sound AV A
    tune avhubert AV A
} | run_side_by_side
{ tune wave AV; tune xlavsr AV A; tune units AV; } | run_side_by_side

words=()
for row in "scratch_AV:from scratch" "sound_AV:audio-only SSL" "avhubert_AV:AV-HuBERT, 2 rounds" \
    "units_AV:AV-HuBERT on SSL units" "wave_AV:+ learned front end" "xlavsr_AV:+ audio-only SSL = XLAVS-R" \
    "scratch_A:from scratch, tuned on A" "sound_A:audio-only SSL, tuned on A" \
    "avhubert_A:AV-HuBERT, tuned on A" "xlavsr_A:XLAVS-R, tuned on A"; do
    words+=(--system "${row#*:}")
    for seed in ${seeds}; do words+=("exp/${row%%:*}_s${seed}/decode/scores.json"); done
done
python3 -m espnet_av.bin.compare "${words[@]}" --output results/comparison.md
