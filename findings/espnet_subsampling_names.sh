#!/usr/bin/env bash
# Which release of ESPnet reads whose weights of the front end (Conv2dSubsampling), and which not.
#
# The linear layer behind the convolutions was `embed.out.0.*`. Release 202412 renamed it to
# `embed.out.*` in Conv2dSubsampling8 alone (input_layer: conv2d8), 202609 in all classes. Releases
# from 202609 on read every older name; none of the others reads a name of another release, so
# 202412 to 202511 refuse even older models with conv2d8: 'Missing key(s) ... "embed.out.weight"'.
# Only the source files are taken from the wheels: no dependency of ESPnet but torch is installed.
#
# usage: espnet_subsampling_names.sh [version of torch]      about 3 GB of downloads on Linux
set -euo pipefail
torch=${1:-2.11.0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "torch==$torch" numpy==2.4.6 packaging==25.0
cat > "$work/cross.py" <<'PY'
import sys
from importlib import import_module
from pathlib import Path

import torch

release, folder = sys.argv[1], Path(sys.argv[2])
sys.path.insert(0, str(folder / release))
legacy = "espnet2.legacy" if release >= "202609" else "espnet"
layers = import_module(f"{legacy}.nets.pytorch_backend.transformer.subsampling")
if sys.argv[3] == "write":
    weights = {n: getattr(layers, n)(80, 4, 0.0).state_dict() for n in sys.argv[4:]}
    torch.save(weights, folder / f"{release}.pt")
    sys.exit()
for writer in sorted(folder.glob("*.pt")):
    seen = []
    for name, weights in torch.load(writer).items():
        try:
            getattr(layers, name)(80, 4, 0.0).load_state_dict(dict(weights))
            seen.append(f"{name}: loads")
        except RuntimeError as error:
            missing = next(line for line in str(error).splitlines() if "Missing" in line)
            seen.append(f"{name}: {missing.split('state_dict: ')[1].split(',')[0]} is missing")
    print(f"{release} reads {writer.stem}: {'; '.join(seen)}")
PY
releases=(202402 202412 202511 202609 202611)
for release in "${releases[@]}"; do
    # Later releases ask for Python 3.12; these files run on any.
    "$work/venv/bin/pip" download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
        --dest "$work" "espnet==$release"
    python3 -m zipfile -e "$work/espnet-$release-py3-none-any.whl" "$work/$release"
done
cross() { "$work/venv/bin/python" "$work/cross.py" "$1" "$work" "${@:2}"; }
for release in "${releases[@]}"; do
    cross "$release" write Conv2dSubsampling Conv2dSubsampling8
done
for release in "${releases[@]}"; do
    cross "$release" read
done | tee "$work/table"

found() { grep -q "^$1: Conv2dSubsampling: $2; Conv2dSubsampling8: $3\$" "$work/table"; }
if found "202611 reads 202402" loads loads && found "202611 reads 202511" loads loads &&
    found "202511 reads 202402" loads '"out.weight" is missing' &&
    found "202511 reads 202611" '"out.0.weight" is missing' loads &&
    found "202402 reads 202611" '"out.0.weight" is missing' '"out.0.weight" is missing'; then
    echo "as described"
else
    echo "CHANGED: other names, or other releases read them"
    exit 1
fi
