#!/usr/bin/env bash
# Equal scores: ours, fastabx 0.9 (both slices) and zerospeech-libriabx2 0.9.8 on one synthetic task.
#   tools/abx_peers/run.sh WORK_DIR [NUM_ITEMS] [DIM] > results.tsv
# The peers live in environments of their own in WORK_DIR. fastabx needs Python 3.12 or later: PEER_PYTHON
# names one (default: the first of python3.14, 3.13, 3.12); one that imports fastabx is used as it is.
# libriabx2 is built from source (a C compiler) for this Python, or found in LIBRIABX2 (a folder).
set -euo pipefail
work=$1 num_items=${2:-20000} dim=${3:-32}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$work"
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 POLARS_MAX_THREADS=1

peer=${PEER_PYTHON:-$(command -v python3.14 || command -v python3.13 || command -v python3.12)}
if ! "$peer" -c 'import fastabx' 2>/dev/null; then
    "$peer" -m venv "$work/fastabx"
    peer=$work/fastabx/bin/python
    "$peer" -m pip install -q "fastabx==0.9.0" "torchdtw==0.4.2" >&2
fi
libri=${LIBRIABX2:-$work/libriabx2}
[ -d "$libri" ] || python -m pip install -q --no-deps --target "$libri" \
    "zerospeech-libriabx2==0.9.8" pandas pytz tzdata >&2

[ -f "$work/task.item" ] ||
    python "$here/make_task.py" --num_items "$num_items" --dim "$dim" --num_speakers 20 "$work"

ours() { # <speaker> <distance> <slice>
    python -m espnet_av.bin.abx --features "$work/npy/layer1" --items "$work/task.item" --frame_hz 50 \
        --speaker "$1" --distance "$2" --slice "$3" --max_size_group all --max_x_across all \
        --output "$work/ours.json" >&2
    python -c 'import json, sys; print(json.load(open(sys.argv[1]))["error_rate"])' "$work/ours.json"
}
rate() { python -c 'import json, sys; print(json.loads(sys.stdin.read().splitlines()[-1])[sys.argv[1]])' "$1"; }

printf 'speaker\tdistance\tslice\tours\tpeer\terror\n'
for speaker in within across; do
    for distance in angular euclidean; do
        for slice in correct zerospeech2021; do
            bug=$([ $slice = correct ] && echo 0 || echo 1)
            got=$(ours $speaker $distance $slice)
            theirs=$(FASTABX_WITH_LIBRILIGHT_BUG=$bug "$peer" "$here/fastabx_scores.py" "$work/task.item" \
                "$work/pt/layer1" $speaker $distance all all | rate error_rate)
            printf '%s\t%s\t%s\t%s\tfastabx 0.9.0\t%s\n' $speaker $distance $slice "$got" "$theirs"
            if [ $distance = angular ] && [ $slice = zerospeech2021 ]; then
                theirs=$(PYTHONPATH=$libri:${PYTHONPATH:-} python "$here/libriabx2_scores.py" \
                    "$work/task.item" "$work/npy/layer1" $speaker | rate score)
                printf '%s\t%s\t%s\t%s\tlibriabx2 0.9.8\t%s\n' $speaker $distance $slice "$got" "$theirs"
            fi
        done
    done
done
