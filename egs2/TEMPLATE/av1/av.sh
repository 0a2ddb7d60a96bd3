#!/usr/bin/env bash
# The twelve stages of every recipe. A recipe's run.sh sets the options below; users add theirs.
# Options that hold several words (sets, modes, commands) are meant to split:
# shellcheck disable=SC2086,SC2046
set -euo pipefail

# General
stage=1                # first stage to run
stop_stage=12          # last stage to run
skip_stages=""         # stages to leave out, as in "4 5 6"
dry_run=false          # print the commands, run nothing
ngpu=0                 # GPUs a machine for training; with any, each decoding job uses one
num_nodes=1            # machines for training
num_processes=1        # training processes without a GPU; batch sizes are for each
nj=2                   # parallel jobs of the data stages
decode_nj=2            # parallel jobs of decoding
datadir=data           # Kaldi-style data directories
dumpdir=dump           # archives that training reads
expdir=exp             # models and results
conf=conf              # configurations; a recipe may have others of the same names, as conf/tiny
# Data
train_set=train
valid_set=valid
test_sets="test"       # one or more
local_data_opts=""     # options for local/data.sh
roi_config=""          # default: <conf>/roi.yaml; so the others
dump_config=""
noise_config=""
babble_sets=""         # test sets whose voices babble in tests; default: held-out voices of train
langs=""               # train only on what is spoken in these, as "de es"; default: all
tgt_lang=""            # write translations into this language; default: transcripts
# Tokens
token_type=char        # char, word, unigram or bpe
nbpe=32                # vocabulary size of unigram and bpe
token_args=""          # more options of bin.tokens, as in "--temperature 2 --lang_tags"
token_dir=""           # default: a folder in <datadir>/token_list for each choice of the above
unit_parts=1           # frame labels that a word or phone of the ctm is cut into, in time
# Pre-training: a stage without a configuration is skipped
ssl_config=""
units_config=""
avssl_config=""
mid_config=""
# Fine-tuning
train_config=""        # default: <conf>/train_<system>.yaml, or train_avsr.yaml
train_args=""          # more options of bin.train, as in "--override max_steps=9 --override seed=2"
tag=""                 # name of the experiment; default: from train_config and train_args
# Decoding, scoring, packing
decode_config=""
decode_args=""         # more options of bin.decode
decode_model=""        # weights in the experiment, as valid.loss.best.pth; default: the average
modes="A V AV"         # audio, video, both
noises="clean"         # clean or category:dB, as in "clean babble:0 babble:-5"
system=""              # which model of the published tables this is (its `systems`)
expected_scores=expected_scores.yaml

help_message="Usage: ./run.sh [--option value]...
Stages: 1 data  2 roi  3 dump  4 ssl  5 units  6 avssl  7 mid  8 tokens  9 finetune  10 decode
        11 score  12 pack
Options with their defaults; write them as --stop_stage 3 or --ngpu 1:
$(sed -n '/^# General/,/^expected_scores/p' "${BASH_SOURCE[0]}")"

. utils/parse_options.sh
. ./path.sh
. ./cmd.sh
. ./db.sh

log() { echo "$(date '+%Y-%m-%d %H:%M:%S') $*"; }

# config_name <yaml>: its part of an experiment's name, conf/train_avsr.yaml -> avsr
config_name() { basename "$1" .yaml | sed "s/^train_//"; }

# all_sets: every data set once, one a line
all_sets() { printf '%s\n' "${train_set}" "${valid_set}" ${test_sets} | sort -u; }

# run <command>...: run it, or print it with --dry_run. Bash would only act on a signal after the
# command has ended; waiting for a background one lets it pass the signal on at once.
run() {
    if ${dry_run} && [ "$1" = slurm.pl ]; then "$1" --dry_run "${@:2}"; return; fi
    if ${dry_run}; then printf '    %s\n' "$*"; return; fi
    "$@" &
    wait $!
}
stop() { trap '' INT TERM; kill -TERM "${!:-}" 2>/dev/null || true; wait "${!:-}" || true; exit "$1"; }
trap 'stop 143' TERM
trap 'stop 130' INT

# python_job <log> <bin> [<argument>...]: one job of a data stage
python_job() {
    local log_file=$1 bin=$2; shift 2
    run ${train_cmd} "${log_file}" python3 -m "espnet_av.bin.${bin}" "$@"
}

# parallel_jobs <logdir> <bin> [<argument>...]: nj jobs, each with its part, then one joins them
parallel_jobs() {
    local logdir=$1 bin=$2; shift 2
    run ${train_cmd} "JOB=1:${nj}" "${logdir}/${bin}.JOB.log" \
        python3 -m "espnet_av.bin.${bin}" "$@" --job JOB --num_jobs "${nj}"
    python_job "${logdir}/${bin}.log" "${bin}" "$@" --finish
}

# key <inputs> <words>...: what an output depends on: commands, configurations, earlier stages
key() {
    local inputs=$1; shift
    { printf '%s\n' "$@"; for file in ${inputs}; do cat "${file}" 2>/dev/null || echo none; done; } |
        sha256sum | cut -d ' ' -f 1
}

# once <marker> <inputs> <command>...: run it unless the marker says that just this was done
once() {
    local marker=$1 inputs=$2; shift 2
    local wanted; wanted=$(key "${inputs}" "$@")
    if [ "$(cat "${marker}" 2>/dev/null)" = "${wanted}" ]; then
        log "    up to date: ${marker%/.done*}"
        return
    fi
    "$@"
    if ! ${dry_run}; then mkdir -p "${marker%/*}"; key "${inputs}" "$@" >"${marker}"; fi
}

# not_configured <option> <value>: say that a stage is skipped because its option is empty
not_configured() {
    if [ -z "$2" ]; then log "    not configured (--$1), skipped"; return 0; fi
    log "    --$1 $2: this stage has no command yet"; return 1
}

prepare_data() { run ${train_cmd} "${datadir}/logdir/data.log" local/data.sh --datadir "${datadir}" "$@"; }

stage_data() {
    log "stage 1 data: corpus -> ${datadir}/{$(all_sets | paste -sd , -)}"
    once "${datadir}/.done" "db.sh local/data.sh conf/corpus*.yaml" prepare_data ${local_data_opts}
    # What the copy of the corpus lacks, beside the published sizes, where the corpus tells.
    run find "${datadir}" -maxdepth 2 -name coverage.tsv -exec expand -t 17 {} +
}

stage_roi() {
    log "stage 2 roi: ${datadir}/<set> -> ${dumpdir}/roi/<set>"
    for name in $(all_sets); do
        local out="${dumpdir}/roi/${name}"
        once "${out}/.done" "${roi_config} ${datadir}/.done" parallel_jobs "${out}/logdir" roi \
            --config "${roi_config}" "${datadir}/${name}" "${out}"
    done
}

stage_dump() {
    log "stage 3 dump: ${datadir}/<set> + ${dumpdir}/roi/<set> -> ${dumpdir}/<set>, ${dumpdir}/noise"
    for name in $(all_sets); do
        local out="${dumpdir}/${name}"
        once "${out}/.done" "${dump_config} ${dumpdir}/roi/${name}/.done" \
            parallel_jobs "${out}/logdir" dump --config "${dump_config}" \
            "${datadir}/${name}" "${dumpdir}/roi/${name}" "${out}"
    done
    once "${dumpdir}/noise/.done" \
        "${noise_config} $(printf "${dumpdir}/%s/.done " "${train_set}" ${babble_sets})" \
        python_job "${dumpdir}/noise/logdir/noise.log" noise --config "${noise_config}" \
        ${MUSAN:+--musan_dir "${MUSAN}"} \
        ${babble_sets:+--test_dirs $(printf "${dumpdir}/%s " ${babble_sets}) --} \
        "${dumpdir}/${train_set}" "${dumpdir}/noise"
}

stage_ssl() {
    log "stage 4 ssl: ${dumpdir}/${train_set} -> ${expdir}/<ssl>"
    not_configured ssl_config "${ssl_config}"
}

stage_units() {
    log "stage 5 units: features -> unit labels"
    not_configured units_config "${units_config}"
}

stage_avssl() {
    log "stage 6 avssl: ${dumpdir}/${train_set} + unit labels -> ${expdir}/<avssl>"
    not_configured avssl_config "${avssl_config}"
}

stage_mid() {
    log "stage 7 mid: ${dumpdir}/${train_set} -> ${expdir}/<mid>"
    not_configured mid_config "${mid_config}"
}

stage_tokens() {
    log "stage 8 tokens: ${dumpdir}/${train_set}/text${tgt_lang:+.${tgt_lang}} -> ${token_dir}"
    once "${token_dir}/.done" "${dumpdir}/${train_set}/.done" \
        python_job "${token_dir}/logdir/tokens.log" tokens --token_type "${token_type}" \
        --nbpe "${nbpe}" ${token_args} ${langs:+--langs ${langs}} \
        ${tgt_lang:+--target_lang "${tgt_lang}"} --unit_parts "${unit_parts}" \
        "${dumpdir}/${train_set}" "${token_dir}"
}

train_model() {
    run ${cuda_cmd} --gpu "${ngpu}" --num_nodes "${num_nodes}" \
        --num_tasks "$(( ngpu > 0 ? ngpu : num_processes ))" "${exp}/logdir/train.log" \
        python3 -m espnet_av.bin.train --ngpu "${ngpu}" --num_nodes "${num_nodes}" \
        --num_processes "${num_processes}" "$@"
}

stage_finetune() {
    log "stage 9 finetune: ${dumpdir}/{${train_set},${valid_set}} + ${token_dir} -> ${exp}"
    once "${exp}/.done.finetune" \
        "${train_config} ${dumpdir}/${train_set}/.done ${dumpdir}/${valid_set}/.done ${token_dir}/.done" \
        train_model --config "${train_config}" ${train_args} \
        ${langs:+--override "dataset.langs=[${langs// /,}]"} \
        ${tgt_lang:+--override "dataset.target_lang=${tgt_lang}"} \
        --train_dir "${dumpdir}/${train_set}" --valid_dir "${dumpdir}/${valid_set}" --token_dir "${token_dir}" \
        --noise_dir "${dumpdir}/noise/train" "${exp}"
}

decode_sets() {
    run ${decode_cmd} --gpu "${decode_ngpu}" "JOB=1:${decode_nj}" "${decode_dir}/logdir/decode.JOB.log" \
        python3 -m espnet_av.bin.decode --ngpu "${decode_ngpu}" "$@" \
        --job JOB --num_jobs "${decode_nj}" "${decode_dir}"
}

stage_decode() {
    log "stage 10 decode: ${exp} + ${dumpdir}/{${test_sets// /,}} -> ${decode_dir}"
    once "${decode_dir}/.done.decode" \
        "${decode_config} ${exp}/.done.finetune $(printf "${dumpdir}/%s/.done " ${test_sets})" \
        decode_sets --config "${decode_config}" ${decode_args} --exp_dir "${exp}" \
        ${decode_model:+--checkpoint "${decode_model}"} --sets $(printf "${dumpdir}/%s " ${test_sets}) \
        --modes ${modes} --noises ${noises} --noise_dir "${dumpdir}/noise/test"
}

stage_score() {
    log "stage 11 score: ${decode_dir} -> ${decode_dir}/RESULTS.md"
    once "${decode_dir}/.done.score" "${expected_scores} ${decode_dir}/.done.decode" \
        python_job "${decode_dir}/logdir/score.log" score --expected "${expected_scores}" \
        ${system:+--system "${system}"} \
        "${decode_dir}"
    run grep -v '^#' "${decode_dir}/logdir/score.log"
    run find "${decode_dir}" "${exp}/images" "${dumpdir}/roi" -name '*.png' | sort
}

stage_pack() {
    log "stage 12 pack: ${exp} -> ${exp}/model.zip"
    once "${exp}/.done.pack" "${exp}/.done.finetune ${roi_config} ${decode_config}" \
        python_job "${exp}/logdir/pack.log" pack --exp_dir "${exp}" \
        ${decode_model:+--checkpoint "${decode_model}"} \
        --roi_config "${roi_config}" --decode_config "${decode_config}" "${exp}/model.zip"
}

if [ $# -ne 0 ]; then
    echo "$0: unexpected argument '$1'; options are --name value, see --help" >&2; exit 1
fi
token_name=${token_type}
case "${token_type}" in bpe|unigram) token_name+="_${nbpe}" ;; esac
data_name=${langs:+_${langs}}${tgt_lang:+_to_${tgt_lang}}${token_args:+_${token_args//--/}}
token_name+=${data_name//[^A-Za-z0-9.=-]/_}
token_dir=${token_dir:-${datadir}/token_list/${token_name}}
roi_config=${roi_config:-${conf}/roi.yaml}
dump_config=${dump_config:-${conf}/dump.yaml}
noise_config=${noise_config:-${conf}/noise.yaml}
train_config=${train_config:-${conf}/train_${system:-avsr}.yaml}
decode_config=${decode_config:-${conf}/decode.yaml}
args_name=${data_name}${train_args:+_${train_args//--override /}}
tag=${tag:-$(config_name "${train_config}")_${token_type}${args_name//[^A-Za-z0-9.=-]/_}}
exp="${expdir}/${tag}"
decode_dir="${exp}/$(basename "${decode_config}" .yaml)"
decode_ngpu=$(( ngpu > 0 ? 1 : 0 ))
stages=(data roi dump ssl units avssl mid tokens finetune decode score pack)

for number in $(seq "${stage}" "${stop_stage}"); do
    if [[ " ${skip_stages} " == *" ${number} "* ]]; then
        log "stage ${number} ${stages[number - 1]}: skipped (--skip_stages)"
    else
        "stage_${stages[number - 1]}"
    fi
done
log "done; results are in ${decode_dir}, logs in logdir/ beside each output"
