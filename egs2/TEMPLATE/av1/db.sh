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

# Corpora that `espnet-av prepare` reads, for recipes of your own; `espnet-av prepare lrs3 --help`
# says what is expected below each folder.
LRS3=${LRS3:-}
MUAVIC=${MUAVIC:-}
VOXCELEB2=${VOXCELEB2:-}
AVSPEECH=${AVSPEECH:-}
FLEURS=${FLEURS:-}
COMMON_VOICE=${COMMON_VOICE:-}

# mini_av is made by the machine itself and needs no path.
