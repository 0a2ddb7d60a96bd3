#!/usr/bin/env bash
# nn.LSTM under CPU autocast needs AVX-512, and in float16 more than that, or raises RuntimeError.
#
# Autocast in bfloat16 sends nn.LSTM to oneDNN, which has no such kernel for processors without
# AVX-512 (most laptops): "could not create a primitive descriptor for the LSTM forward propagation
# primitive". Nothing falls back, and no flag tells beforehand. Nobody would guess that on the same
# processor an LSTM whose weights are cast to bfloat16 runs, and nn.RNN runs, and nn.GRU runs in
# float32. In float16 autocast the LSTM raises with AVX-512, too; new processors may have it.
# A training that ran in a data centre therefore fails on a laptop at its first LSTM.
#
# usage: torch_lstm_autocast_cpu.sh [version of torch]      about 3 GB of downloads on Linux; x86-64
set -euo pipefail
torch=${1:-2.11.0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "torch==$torch" numpy==2.4.6
cd "$work"
cat > layers.py <<'PY'
import sys

import torch

print(f"torch {torch.__version__}, kernels of {torch.backends.cpu.get_cpu_capability()}")
x = torch.zeros(5, 2, 8)


def ran(run):
    try:
        return "runs, gives " + str(run().dtype).removeprefix("torch.")
    except RuntimeError as error:
        return f"RuntimeError: {str(error)[:41]} ..."


def under_autocast(kind, dtype):
    with torch.autocast("cpu", dtype=dtype):
        return kind(8, 8)(x)[0]


seen = {}
for dtype in (torch.bfloat16, torch.float16):
    for kind in (torch.nn.LSTM, torch.nn.GRU, torch.nn.RNN):
        seen[kind, dtype] = ran(lambda k=kind, d=dtype: under_autocast(k, d))
        print(f"  {kind.__name__:4} {str(dtype)[6:]:8} autocast: {seen[kind, dtype]}")
    cast = seen["cast", dtype] = ran(lambda d=dtype: torch.nn.LSTM(8, 8).to(d)(x.to(d))[0])
    print(f"  LSTM {str(dtype)[6:]:8} weights cast: {cast}")
raised = seen[torch.nn.LSTM, torch.bfloat16].startswith("RuntimeError")
others = all("runs" in said for (kind, _), said in seen.items() if kind is not torch.nn.LSTM)
sys.exit(0 if raised and others else 1)
PY
echo "== this processor as it is (bfloat16 runs if it has AVX-512)"
"$work/venv/bin/python" layers.py || true
echo "== with the kernels of a processor without AVX-512"
if ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 "$work/venv/bin/python" layers.py; then
    echo "as described"
else
    echo "CHANGED: the LSTM runs, or another layer does not"
    exit 1
fi
