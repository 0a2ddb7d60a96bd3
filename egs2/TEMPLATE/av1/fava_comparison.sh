#!/usr/bin/env bash
# The three ways of run_fava.sh compared over seeds, and what sound alone did before it was given eyes.
# BEST-RQ pre-trains once. What is done stays done. Ends with results/fava.md and fava_converted.md.
set -euo pipefail
cd "$(dirname "$0")"
. ./path.sh

seeds="1 2 3"
jobs=2              # trainings side by side, of one process each
help_message="Usage: ./run_fava_comparison.sh [--seeds '1 2 3'] [--jobs 2]"
. utils/parse_options.sh

./run_fava.sh --stop_stage 3 --nj "${jobs}"
./run_fava.sh --stage 8 --stop_stage 8
./run_fava.sh --system bestrq --stage 4 --stop_stage 4
for seed in ${seeds}; do
    for system in convert bestrq scratch; do echo "--system ${system} --seed ${seed}"; done
done | xargs -L 1 -P "${jobs}" ./run_fava.sh --stage 4 --stop_stage 11 --decode_nj 1

# compare <name> <system:its row>...: a table, with differences to the first row
compare() {
    local words=() row seed
    for row in "${@:2}"; do
        words+=(--system "${row#*:}")
        for seed in ${seeds}; do words+=("exp/fava_${row%%:*}_s${seed}/decode_transducer/scores.json"); done
    done
    python3 -m espnet_av.bin.compare "${words[@]}" --output "results/$1.md"
}
compare fava "scratch:from scratch" "bestrq:BEST-RQ, then AV" "convert:sound alone, then AV"
compare fava_converted "audio:sound alone" "convert:sound alone, then AV"
