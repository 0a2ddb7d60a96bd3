#!/usr/bin/env bash
# Equal heads: ours, s3prl 0.4.18 and espnet-s3prl 2026.5.14 on the same states, weights, names and turns.
#   tools/superb_peers/run.sh WORK_DIR        writes tools/superb_peers/RESULTS.md
# Each peer lives in a folder of its own in WORK_DIR, without what it depends on: torch is that of this project.
set -euo pipefail
work=$(mkdir -p "$1" && cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1
for peer in s3prl==0.4.18 espnet-s3prl==2026.5.14; do
    folder=$work/${peer%%==*}
    [ -d "$folder" ] || {
        python -m pip install -q --no-deps --target "$folder" "$peer"
        python -m pip install -q --no-deps --target "$folder" pandas pytz python-dateutil tzdata six
    } >&2
done
python "$here/compare.py" "$work" "s3prl 0.4.18=$work/s3prl" "espnet-s3prl 2026.5.14=$work/espnet-s3prl" \
    --out "$here/RESULTS.md"
