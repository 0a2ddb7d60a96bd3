#!/usr/bin/env bash
# Pre-training compared on mini_av: from scratch; wav2vec 2.0 on sound; AV-HuBERT; and by the steps of
# XLAVS-R's ablation to XLAVS-R. Each seed has its own pre-training, then learns from a tenth of the
# transcripts: from sound and lips, and once more from sound alone, which tested with lips is zero-shot.
# Two CPU cores, two hours of one core in all; what is done stays done. Ends with results/comparison.md.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh

seeds="1 2 3"
jobs=2              # trainings side by side, of one process each
help_message="Usage: ./run_comparison.sh [--seeds '1 2 3'] [--jobs 2]"
. utils/parse_options.sh

./av.sh --stop_stage 3 --nj "${jobs}"
./av.sh --stage 8 --stop_stage 8
for systems in "sound avhubert scratch" "units wave xlavsr"; do
    for system in ${systems}; do
        for seed in ${seeds}; do echo "${system} ${seed}"; done
    done | xargs -L 1 -P "${jobs}" local/system.sh
done

words=()
for row in "scratch_AV:from scratch" "sound_AV:audio-only SSL" "avhubert_AV:AV-HuBERT, 2 rounds" \
    "units_AV:AV-HuBERT on SSL units" "wave_AV:+ learned front end" "xlavsr_AV:+ audio-only SSL = XLAVS-R" \
    "scratch_A:from scratch, tuned on A" "sound_A:audio-only SSL, tuned on A" \
    "avhubert_A:AV-HuBERT, tuned on A" "xlavsr_A:XLAVS-R, tuned on A"; do
    words+=(--system "${row#*:}")
    for seed in ${seeds}; do words+=("exp/${row%%:*}_s${seed}/decode/scores.json"); done
done
python3 -m espnet_av.bin.compare "${words[@]}" --output results/comparison.md
