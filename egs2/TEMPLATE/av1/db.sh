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

# Corpora with readers and without a recipe here, for recipes of your own.
AVSPEECH=${AVSPEECH:-}
COMMON_VOICE=${COMMON_VOICE:-}

# mini_av is made by the machine itself and needs no path.
