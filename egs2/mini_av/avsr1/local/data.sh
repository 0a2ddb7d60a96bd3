#!/usr/bin/env bash
# mini_av, synthesised here -> ${datadir}/{train,train_clips,train_sound,valid,test,test_unseen}
set -euo pipefail

datadir=data
corpus_config=conf/corpus_demo.yaml     # what to synthesise; conf/corpus_9lang.yaml has all languages
corpusdir=                              # where; default: downloads/<name of the configuration>
frames=mouth                            # what of the pictures: mouth (clips), full (frames), or both
nj=2                                    # processes that synthesise

help_message="Usage: local/data.sh [--datadir data] [--corpus_config conf/corpus_demo.yaml] [--frames mouth] [--nj 2]"
. utils/parse_options.sh
. ./path.sh

corpusdir=${corpusdir:-downloads/$(basename "${corpus_config}" .yaml)}
python3 -m espnet_av.bin.prepare mini_av --config "${corpus_config}" --frames "${frames}" --nj "${nj}" \
    "${corpusdir}" "${datadir}"

# For u-HuBERT (run_uhubert.sh): half of the training set as clips, the other half as sound alone.
total=$(wc -l <"${datadir}/train/utt2spk")
utils/subset_data_dir.sh --first "${datadir}/train" $(( total / 2 )) "${datadir}/train_clips"
utils/subset_data_dir.sh --last "${datadir}/train" $(( total - total / 2 )) "${datadir}/train_sound"
rm -f "${datadir}/train_sound/"{video,film}.scp
