#!/usr/bin/env bash
# The twelve stages of every recipe. A recipe's run.sh sets the options below; users add theirs.
# Options that hold several words (sets, modes, commands) are meant to split:
# shellcheck disable=SC2086,SC2046,SC2329
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
dump_config=""         # a set may have its own, as <conf>/dump_train.yaml
noise_config=""        # none: no noises are made
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
ssl_sets=""            # what stages 4 to 6 learn from, several are joined; default: train_set
ssl_config=""          # sound alone: wav2vec2
ssl_args=""            # more options of bin.train, as in train_args below; so avssl_args
ssl_tag=""             # its experiment, which may also be finished already; default: a name for the above
units_from=""          # experiment whose features round 1 clusters, or mfcc; default: ssl_tag or mfcc
rounds=1               # stages 5 and 6 run so often, units coming from the model of the round before
units_config=""        # for each round a word, or the last one for all that follow; so avssl_config
avssl_config=""        # sound and lips: avhubert; or sound by units: hubert
avssl_args=""
avssl_tag=""           # to which _r<round> is added
avssl_from=""          # ssl or none: weights that each round starts from; default: ssl if there is one
mid_config=""
# Fine-tuning
train_config=""        # default: <conf>/train_<system>.yaml, or train_avsr.yaml
finetune_from=""       # start from avssl, ssl, none or a folder, as ../x/exp/y; default: the last configured
train_args=""          # more options of bin.train, as in "--override max_steps=9 --override seed=2"
tag=""                 # name of the experiment; default: from train_config and train_args
# Decoding, scoring, packing
decode_config=""
decode_args=""         # more options of bin.decode
decode_model=""        # weights in the experiment, as valid.loss.best.pth; default: the average
modes="A V AV"         # audio, video, both
noises="clean"         # clean or category:dB, as in "clean babble:0 babble:-5"
missing_video=""       # also with less video, as "whole:0.5 frames:0.5 start:0.5 middle:0.5 end:0.5"
system=""              # which model of the published tables this is (its `systems`)
expected_scores=expected_scores.yaml

help_message="Usage: ./run.sh [--option value]...
Stages: 1 data  2 roi  3 dump  4 ssl  5 units  6 avssl  7 mid  8 tokens  9 finetune  10 decode
        11 score  12 pack
Options with their defaults; write them as --stop_stage 3 or --ngpu 1:
$(sed -n '/^# General/,/^expected_scores/p' "${BASH_SOURCE[0]}")"

. utils/parse_options.sh
. ./path.sh
. utils/stage_jobs.sh
. ./cmd.sh
. ./db.sh

prepare_data() { run ${train_cmd} "${datadir}/logdir/data.log" local/data.sh --datadir "${datadir}" "$@"; }

stage_data() {
    log "stage 1 data: corpus -> ${datadir}/{$(all_sets | paste -sd , -)}"
    local roots; roots=$(corpus_roots)
    once "${datadir}/.done" "local/data.sh conf/corpus*.yaml $(fetched_mark "${datadir}")" \
        ${roots:+depends_on "${roots}"} prepare_data ${local_data_opts}
    # What the copy of the corpus lacks, beside the published sizes, where the corpus tells.
    run find "${datadir}" -maxdepth 2 -name coverage.tsv -exec expand -t 17 {} +
}

stage_roi() {
    log "stage 2 roi: ${datadir}/<set> -> ${dumpdir}/roi/<set>"
    for name in $(all_sets); do
        local out="${dumpdir}/roi/${name}"
        once "${out}/.done" \
            "${roi_config} ${datadir}/.done $(media_tables "${datadir}/${name}") $(fetched_mark "${out}")" \
            parallel_jobs "${out}/logdir" roi --config "${roi_config}" "${datadir}/${name}" "${out}"
    done
}

# make_noise: babble of the training voices, or of those of test sets, and cuts of MUSAN
make_noise() {
    if [ "${noise_config}" = none ]; then log "    no noises (--noise_config none)"; return; fi
    once "${dumpdir}/noise/.done" \
        "${noise_config} $(sets_marks "${train_set}" ${babble_sets})" \
        python_job "${dumpdir}/noise/logdir/noise.log" noise --config "${noise_config}" \
        ${MUSAN:+--musan_dir "${MUSAN}"} \
        ${babble_sets:+--test_dirs $(printf "${dumpdir}/%s " ${babble_sets}) --} \
        "${dumpdir}/${train_set}" "${dumpdir}/noise"
}

stage_dump() {
    log "stage 3 dump: ${datadir}/<set> + ${dumpdir}/roi/<set> -> ${dumpdir}/<set>, ${dumpdir}/noise"
    for name in $(all_sets); do
        local out="${dumpdir}/${name}" config="${dump_config%.yaml}_${name}.yaml"
        if [ ! -f "${config}" ]; then config=${dump_config}; fi
        once "${out}/.done" \
            "${config} ${dumpdir}/roi/${name}/.done $(tables "${datadir}/${name}") $(fetched_mark "${out}")" \
            parallel_jobs "${out}/logdir" dump --config "${config}" \
            "${datadir}/${name}" "${dumpdir}/roi/${name}" "${out}"
    done
    if [[ "${ssl_sets}" == *" "* ]]; then
        once "${dumpdir}/${ssl_set}/.done" "$(sets_marks ${ssl_sets})" run \
            combine_data.sh "${dumpdir}/${ssl_set}" $(printf "${dumpdir}/%s " ${ssl_sets})
    fi
    make_noise
}

# train_model <experiment> <argument>...
train_model() {
    local out=$1; shift
    run ${cuda_cmd} --gpu "${ngpu}" --num_nodes "${num_nodes}" \
        --num_tasks "$(( ngpu > 0 ? ngpu : num_processes ))" "${out}/logdir/train.log" \
        python3 -m espnet_av.bin.train --ngpu "${ngpu}" --num_nodes "${num_nodes}" \
        --num_processes "${num_processes}" "$@" $(noise_args train) \
        --valid_dir "${dumpdir}/${valid_set}" "${out}"
}

# avssl_exp, units_dir <round>: the experiment of a round of stage 6, and the units it learns
avssl_exp() {
    local name; name=$(experiment_name "$(nth "$1" ${avssl_config})" "${avssl_args}")
    echo "${expdir}/${avssl_tag:-${name}}_r$1"
}
units_dir() { basename "$(avssl_exp "$1")" | sed "s|^|${dumpdir}/units/|"; }

# features_exp <round>: the model whose features become the units; none: MFCC
features_exp() {
    if [ "$1" -gt 1 ]; then avssl_exp "$(( $1 - 1 ))"
    elif [ "${units_from}" != mfcc ]; then echo "${units_from:+${expdir}/}${units_from:-${ssl_exp}}"; fi
}

stage_ssl() {
    log "stage 4 ssl: ${dumpdir}/${ssl_set} -> ${ssl_exp:-${expdir}/<ssl>}"
    is_configured ssl_config "${ssl_config}" || return 0
    once "${ssl_exp}/.done.train" "${ssl_config} $(ssl_marks) $(noise_mark "${ssl_config}" "${ssl_args}")" \
        train_model "${ssl_exp}" --config "${ssl_config}" ${ssl_args} --train_dir "${dumpdir}/${ssl_set}"
}

# label_units <units_dir> <argument>...: centres from a share of the frames, then labels in jobs
label_units() {
    local out=$1; shift
    local gpu="--gpu ${decode_ngpu}" program="python3 -m espnet_av.bin.units ${out} $*"
    run ${decode_cmd} ${gpu} "${out}/logdir/fit.log" ${program} --ngpu "${decode_ngpu}" --fit
    run ${decode_cmd} ${gpu} "JOB=1:${decode_nj}" "${out}/logdir/units.JOB.log" \
        ${program} --ngpu "${decode_ngpu}" --job JOB --num_jobs "${decode_nj}"
    run ${train_cmd} "${out}/logdir/units.log" ${program} --finish
}

stage_units() {
    local out config from; out=$(units_dir "$1") config=$(nth "$1" ${units_config}) from=$(features_exp "$1")
    log "stage 5 units$2: ${from:-MFCC of ${dumpdir}/${ssl_set}} -> ${out}"
    is_configured units_config "${units_config}" || return 0
    once "${out}/.done" "${config} $(ssl_marks) $(weights_of "${from}")" label_units "${out}" \
        --config "${config}" --train_dir "${dumpdir}/${ssl_set}" ${from:+--exp_dir "${from}"} \
        --sets "${dumpdir}/${ssl_set}" "${dumpdir}/${valid_set}"
}

stage_avssl() {
    local out units config; out=$(avssl_exp "$1") units=$(units_dir "$1") config=$(nth "$1" ${avssl_config})
    log "stage 6 avssl$2: ${dumpdir}/${ssl_set} + ${units} -> ${out}"
    is_configured avssl_config "${avssl_config}" || return 0
    local inputs; inputs="${config} $(ssl_marks) ${units}/.done $(weights_of "${avssl_start}")"
    once "${out}/.done.train" "${inputs} $(noise_mark "${config}" "${avssl_args}")" \
        train_model "${out}" --config "${config}" ${avssl_start:+--override "init_param=[${avssl_start}]"} \
        ${avssl_args} ${units_config:+--units_dir "${units}"} --train_dir "${dumpdir}/${ssl_set}"
}

stage_mid() {
    log "stage 7 mid: ${dumpdir}/${train_set} -> ${expdir}/<mid>"
    is_configured mid_config "${mid_config}" || return 0
    log "    --mid_config ${mid_config}: this stage has no command yet"; return 1
}

stage_tokens() {
    log "stage 8 tokens: ${dumpdir}/${train_set}/text${tgt_lang:+.${tgt_lang}} -> ${token_dir}"
    once "${token_dir}/.done" "$(sets_marks "${train_set}")" \
        python_job "${token_dir}/logdir/tokens.log" tokens --token_type "${token_type}" \
        --nbpe "${nbpe}" ${token_args} ${langs:+--langs ${langs}} \
        ${tgt_lang:+--target_lang "${tgt_lang}"} --unit_parts "${unit_parts}" \
        "${dumpdir}/${train_set}" "${token_dir}"
}

stage_finetune() {
    log "stage 9 finetune: ${start:+${start} + }${dumpdir}/{${train_set},${valid_set}} + ${token_dir} -> ${exp}"
    local inputs; inputs="${train_config} ${token_dir}/.done $(weights_of "${start}")"
    inputs+=" $(noise_mark "${train_config}" "${train_args}") $(sets_marks "${train_set}" "${valid_set}")"
    once "${exp}/.done.finetune" "${inputs}" \
        train_model "${exp}" --config "${train_config}" ${start:+--override "init_param=[${start}]"} \
        ${train_args} ${langs:+--override "dataset.langs=[${langs// /,}]"} \
        ${tgt_lang:+--override "dataset.target_lang=${tgt_lang}"} \
        --token_dir "${token_dir}" --train_dir "${dumpdir}/${train_set}"
}

decode_sets() {
    run ${decode_cmd} --gpu "${decode_ngpu}" "JOB=1:${decode_nj}" "${decode_dir}/logdir/decode.JOB.log" \
        python3 -m espnet_av.bin.decode --ngpu "${decode_ngpu}" "$@" \
        --job JOB --num_jobs "${decode_nj}" "${decode_dir}"
}

stage_decode() {
    log "stage 10 decode: ${exp} + ${dumpdir}/{${test_sets// /,}} -> ${decode_dir}"
    once "${decode_dir}/.done.decode" \
        "${decode_config} ${lm_files} ${exp}/.done.finetune $(sets_marks ${test_sets} noise)" \
        decode_sets --config "${decode_config}" ${decode_args} --exp_dir "${exp}" \
        ${decode_model:+--checkpoint "${decode_model}"} ${missing_video:+--missing_video ${missing_video}} \
        --sets $(printf "${dumpdir}/%s " ${test_sets}) --modes ${modes} --noises ${noises} $(noise_args test)
}

stage_score() {
    log "stage 11 score: ${decode_dir} -> ${decode_dir}/RESULTS.md"
    once "${decode_dir}/.done.score" "${expected_scores} ${decode_dir}/.done.decode" \
        python_job "${decode_dir}/logdir/score.log" score \
        ${expected_scores:+--expected "${expected_scores}"} ${system:+--system "${system}"} "${decode_dir}"
    run grep -v '^#' "${decode_dir}/logdir/score.log"
    run find "${decode_dir}" $(ls -d "${exp}/images" "${dumpdir}/roi" 2>/dev/null) -name '*.png' | sort
}

stage_pack() {
    log "stage 12 pack: ${exp} -> ${exp}/model.zip"
    once "${exp}/.done.pack" "${exp}/.done.finetune ${roi_config} ${decode_config} ${lm_files}" \
        python_job "${exp}/logdir/pack.log" pack --exp_dir "${exp}" \
        ${decode_model:+--checkpoint "${decode_model}"} \
        --roi_config "${roi_config}" --decode_config "${decode_config}" "${exp}/model.zip"
}

[[ "${MAIN_ROOT}" != *:* ]] || { echo "$0: ${MAIN_ROOT}: PATH cannot hold a ':'; rename the folder" >&2; exit 1; }
[ $# -eq 0 ] || { echo "$0: unexpected argument '$1'; options are --name value, see --help" >&2; exit 1; }
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
lm_files=$(sed -n "s/.*lm_file[:=] *[\"']*\([^ \"']*\).*/\1/p" "${decode_config}" - <<<"${decode_args}" 2>/dev/null || true)
ssl_set=${ssl_sets// /_}; ssl_set=${ssl_set:-${train_set}}
ssl_tag=${ssl_tag:-${ssl_config:+$(experiment_name "${ssl_config}" "${ssl_args}")}}
ssl_exp=${ssl_tag:+${expdir}/${ssl_tag}}
case "${avssl_from:-ssl}" in
    ssl) avssl_start=${ssl_exp} ;; none) avssl_start="" ;;
    *) echo "$0: --avssl_from is ssl or none, not '${avssl_from}'" >&2; exit 1 ;;
esac
finetune_from=${finetune_from:-${avssl_config:+avssl}}
case "${finetune_from:-${ssl_tag:+ssl}}" in
    avssl) start=$(avssl_exp "${rounds}") ;; ssl) start=${ssl_exp} ;; none|"") start="" ;;
    */*) start=${finetune_from%/} ;;
    *) echo "$0: --finetune_from is avssl, ssl, none or a folder, not '${finetune_from}'" >&2; exit 1 ;;
esac
name=$(experiment_name "${train_config}" "")_${token_type}${start:+_from_${start##*/}}
args_name=${data_name}${train_args:+_${train_args//--override /}}
tag=${tag:-${name}${args_name//[^A-Za-z0-9.=-]/_}}
exp="${expdir}/${tag}"
decode_dir="${exp}/$(basename "${decode_config}" .yaml)"
check_names datadir dumpdir expdir conf train_set valid_set tag ssl_tag avssl_tag token_dir \
    roi_config dump_config noise_config ssl_config mid_config train_config decode_config decode_model \
    units_from finetune_from expected_scores system
check_sets; check_configs
decode_ngpu=$(( ngpu > 0 ? 1 : 0 ))
stages=(data roi dump ssl units avssl mid tokens finetune decode score pack)

# run_stage <number> [<round> <words about it>]: if it is asked for
run_stage() {
    if is_asked "$1"; then "stage_${stages[$1 - 1]}" "${@:2}"
    elif is_asked "$1" any; then log "stage $1 ${stages[$1 - 1]}: skipped (--skip_stages)"; fi
}
# Bash reads a block to its end before it runs it: this file may change meanwhile.
{
    for number in 1 2 3 4; do run_stage "${number}"; done
    for round in $(seq "${rounds}"); do
        words=$( [ "${rounds}" = 1 ] || echo ", round ${round} of ${rounds}" )
        for number in 5 6; do run_stage "${number}" "${round}" "${words}"; done
    done
    for number in $(seq 7 12); do run_stage "${number}"; done
    log "done; logs in logdir/ beside each output$( [ "${stop_stage}" -lt 10 ] || echo "; results in ${decode_dir}" )"
    exit
}
