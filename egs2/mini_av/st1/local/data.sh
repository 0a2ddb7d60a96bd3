#!/usr/bin/env bash
# mini_av, made here -> ${datadir}/{valid,valid_high,test}, and of training train_high, train_mid and train_low,
# whose translations are shown, and train_rest, whose are not; the models of texts -> ${textsdir}
set -euo pipefail

datadir=data
corpus_config=conf/corpus.yaml      # what to make
corpusdir=                          # where; default: downloads/<name of the configuration>
texts_config=conf/texts_models.yaml # the models of texts
textsdir=downloads/texts            # where
high="fr de es" mid="it ru tr" low="pt nl id"
num_mid=80 num_low=20               # utterances of each of these whose translations are shown
nj=2                                # processes that make it

help_message="Usage: local/data.sh [--datadir data] [--corpus_config conf/corpus.yaml] [--nj 2] [--num_mid 80]"
. utils/parse_options.sh
. ./path.sh

corpusdir=${corpusdir:-downloads/$(basename "${corpus_config}" .yaml)}
python3 -m espnet_av.bin.prepare mini_av --config "${corpus_config}" --nj "${nj}" \
    "${corpusdir}" "${datadir}"

# part <source> <name> <number of each language> <language>...: those utterances of a set, in its order
part() {
    local source=$1 name=$2 number=$3; shift 3
    awk -v number="${number}" -v languages=" $* " \
        'index(languages, " " $2 " ") && count[$2]++ < number { print $1 }' \
        "${datadir}/${source}/utt2lang" >"${datadir}/${name}.list"
    utils/subset_data_dir.sh --utt-list "${datadir}/${name}.list" "${datadir}/${source}" "${datadir}/${name}"
}
# shellcheck disable=SC2086  # lists of languages
{
    part train train_high 1000000 ${high}
    part train train_mid "${num_mid}" ${mid}
    part train train_low "${num_low}" ${low}
    part valid valid_high 1000000 ${high}
}
cat "${datadir}"/train_{high,mid,low}/utt2lang | awk '{ print $1 }' >"${datadir}/shown.list"
awk 'NR == FNR { shown[$1]; next } !($1 in shown) { print $1 }' \
    "${datadir}/shown.list" "${datadir}/train/utt2lang" >"${datadir}/train_rest.list"
utils/subset_data_dir.sh --utt-list "${datadir}/train_rest.list" "${datadir}/train" "${datadir}/train_rest"

python3 -m espnet_av.bin.text_models --config "${texts_config}" "${corpusdir}/parallel.tsv" "${textsdir}"
rm -rf "${textsdir}/decoder"
python3 -m espnet_av.bin.convert --family mbart "${textsdir}/mbart" "${textsdir}/decoder"
