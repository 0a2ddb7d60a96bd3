#!/usr/bin/env bash
# SUPERB (arXiv 2105.01051): keyword spotting, intents, phones and diarization on frozen models, at the size of
# the protocol: conf/experiments.yaml, which has the models of ../../librispeech/asr1. Set SPEECH_COMMANDS,
# FLUENT_SPEECH_COMMANDS, LIBRISPEECH, SUPERB_LEXICON, LIBRIMIX, LIBRIMIX_RTTM in db.sh; README.md has the
# whole way, a rehearsal, and how other models are put in.
#   --only "ks_lrs3"       just this, and the sweep it is chosen from
set -euo pipefail
cd "$(dirname "$0")"

exec ./av.sh \
    --experiments conf/experiments.yaml \
    --stop_stage score \
    --roi_config none \
    --noise_config none \
    --train_set pr_train \
    --valid_set pr_valid \
    --test_sets "pr_test" \
    --token_type word \
    --token_args "--also SIL SPN" \
    --modes A \
    --noises clean \
    --expected_scores "" \
    "$@"
