# shellcheck shell=bash
# Where corpora are on this machine: the only place for such paths. Environment variables win.

# GRID: the folder that has one folder a talker with its .mpg or .mp4 clips, and align/.
GRID=${GRID:-}
if [ -z "${GRID}" ] && [ -d "${MAIN_ROOT}/../shared/data/grid_s1" ]; then
    GRID=${MAIN_ROOT}/../shared/data/grid_s1
fi
# MUSAN: optional, a folder with music/, noise/ and speech/; adds these to the babble that every recipe
# makes of its own voices, as conditions music:0, noise:0 and speech:0.
MUSAN=${MUSAN:-}

# What is expected below each of these is told by `espnet-av prepare muavic --help` and so on.
# MUAVIC: the folder that MuAViC's own get_data.py filled, with muavic/ and metadata/.
MUAVIC=${MUAVIC:-}
# FLEURS: optional, the folder with data/<en_us...>/, sound unpacked: MuAViC's tests out of domain.
FLEURS=${FLEURS:-}
# LRS3: the folder with pretrain/, trainval/ and test/.
LRS3=${LRS3:-}
# LRS3_LANDMARKS: optional, face points that others published, as <folder>/<video>/<number>.pkl.
LRS3_LANDMARKS=${LRS3_LANDMARKS:-}
# VOXCELEB2: the folder with dev/ and test/; for its sound alone aac/ in each is enough.
VOXCELEB2=${VOXCELEB2:-}

# LIBRILIGHT: the folder of small/, medium/, large/, or one of these. AUDIOCITE: that of its recordings.
LIBRILIGHT=${LIBRILIGHT:-}
AUDIOCITE=${AUDIOCITE:-}
# COCO: the folder with annotations/. COCO_FR: its captions in French, a table of number and sentence.
COCO=${COCO:-}
COCO_FR=${COCO_FR:-}
# KARPATHY: optional, dataset_coco.json with the usual split; without it nothing is left to test with.
KARPATHY=${KARPATHY:-}
# COCO_FEATURES: train2014_obj36.tsv and val2014_obj36.tsv of LXMERT, both, or folders of pictures.
COCO_FEATURES=${COCO_FEATURES:-}
# TTS: the command that speaks captions, with {voice}, {wav} and {text} or {text_file} in it; by default
# that of espeak-ng.
TTS=${TTS:-}
# ZEROSPEECH: item files with their sound, of 2017 test/<language>/<1s, 10s, 120s>/.
ZEROSPEECH=${ZEROSPEECH:-}

# LIBRISPEECH: the folder of its unpacked archives. MUSTC: that of en-de/ and the like. KINETICS600: that of
# train/, val/ and test/; for pre-training on films, as are LRS3 and VOXCELEB2.
LIBRISPEECH=${LIBRISPEECH:-}
MUSTC=${MUSTC:-}
KINETICS600=${KINETICS600:-}

# COMMON_VOICE: a full release, with a folder for each language. COVOST2: lists of translations, joined to it.
# EUROPARL_ST: the unpacked archive of version 1.1.
COMMON_VOICE=${COMMON_VOICE:-}
COVOST2=${COVOST2:-}
EUROPARL_ST=${EUROPARL_ST:-}

# Corpora with readers and without a recipe here, for recipes of your own.
AVSPEECH=${AVSPEECH:-}
SPOKENCOCO=${SPOKENCOCO:-}
SPEECHCOCO=${SPEECHCOCO:-}
# LIBRIMIX_RTTM: who speaks when in LIBRIMIX.
MTEDX=${MTEDX:-}
SPEECH_COMMANDS=${SPEECH_COMMANDS:-}
FLUENT_SPEECH_COMMANDS=${FLUENT_SPEECH_COMMANDS:-}
# SUPERB_LEXICON: the folder of librispeech-lexicon-200k-g2p.txt and librispeech-lexicon-allothers-g2p.txt.
SUPERB_LEXICON=${SUPERB_LEXICON:-}
LIBRIMIX=${LIBRIMIX:-}
LIBRIMIX_RTTM=${LIBRIMIX_RTTM:-}

# mini_av and mini_coco are made by the machine itself and need no path.
