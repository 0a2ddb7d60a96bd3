#!/usr/bin/env bash
# The twelve stages of every recipe. A recipe's run.sh sets options; users add theirs (--help).
#
#     1 data      corpus                          -> data/<set>                local/data.sh
#     2 roi       data/<set>                      -> dump/roi/<set>            mouth clips
#     3 dump      data/<set> + dump/roi/<set>     -> dump/<set>, dump/noise    archives
#     4 ssl       dump/<set>                      -> exp/<ssl>                 sound alone
#     5 units     dump/<set> + exp/<model>        -> dump/units/<avssl>        frame labels
#     6 avssl     dump/<set> + dump/units/<avssl> -> exp/<avssl>               5 and 6 in rounds
#     8 tokens    dump/<set>/text                 -> data/token_list/<kind>
#     7 mid       exp/<start> + dump/<set>        -> exp/<mid>                 mid-training
#     9 finetune  exp/<start> + dump/<set>        -> exp/<tag>
#    10 decode    exp/<tag> + dump/<test set>     -> exp/<tag>/<decode>        modes x noises
#    11 score     exp/<tag>/<decode>              -> RESULTS.md, scores.json, pictures
#    12 pack      exp/<tag>                       -> exp/<tag>/model.zip
#
# What each of them runs, and what it depends on, is told by `espnet-av plan` (espnet_av/recipe) as lines
# of a script. For a step these are
#     once <marker> <inputs> <word>...     so that it is done unless that was done already
#     job <train_cmd|cuda_cmd|decode_cmd> [<option of the job runner>...] <log> <command>...
#     finished
# With --experiments conf/experiments.yaml the plan is that of a list of named experiments.
set -euo pipefail

. ./path.sh
. utils/stage_jobs.sh
. ./cmd.sh
. ./db.sh

[[ "${MAIN_ROOT}" != *:* ]] || { echo "$0: ${MAIN_ROOT}: PATH cannot hold a ':'; rename the folder" >&2; exit 1; }
for word in "$@"; do
    case ${word} in --help|-h) exec python3 -m espnet_av.bin.plan --help ;; esac
done
arguments=("$@")
plan=$(CORPUS_ROOTS=$(corpus_roots) MUSAN_DIR=${MUSAN} python3 -m espnet_av.bin.plan "$@")

# Bash reads a block to its end before it runs it: this file may change meanwhile.
{
    eval "${plan}"
    exit
}
