#!/usr/bin/env bash
# Every CUDA path once, in under ten minutes, on a machine that has torch and little else.
#
#   tools/device_check.sh --out results.md                       # one GPU, sizes of the papers
#   tools/device_check.sh --out results.md --packages WHEELS     # with wheels of what is missing
#   tools/device_check.sh --out results.md --tiny --device cpu   # the same steps, as a rehearsal
#
# The page is written anew after each step: a run that is cut off leaves what was done. A step that
# fails, or takes longer than its limit, does not end the others. Nothing is installed for good, and
# the device's settings stay as they are. Wheels: pip download --no-deps of espnet, kaldiio, av and
# whatever else the page says is missing, at the versions of constraints.txt.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
python=${PYTHON:-python3}
packages=""
options=()
while [ $# -gt 0 ]; do
    case $1 in
        --packages) packages=$(cd "$2" && pwd); shift 2 ;;
        *) options+=("$1"); shift ;;
    esac
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
if [ -n "$packages" ]; then
    "$python" -m pip install --quiet --no-index --no-deps --no-compile --no-cache-dir \
        --target "$work/site" "$packages"/*.whl
fi
export PYTHONPATH=$here:$work/site${PYTHONPATH:+:$PYTHONPATH}
"$python" "$here/tools/device/check.py" --work "$work" "${options[@]}"
