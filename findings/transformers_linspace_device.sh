#!/usr/bin/env bash
# Loading a model of transformers 5 can make torch.linspace deaf to `with torch.device(...)`.
#
# While from_pretrained builds a model, transformers 5 has a torch.linspace of its own in place.
# torch collects the functions that follow a device context once, at the first use of one, and
# keeps the collection. If from_pretrained is that first use, what it collects is the exchanged
# function: afterwards torch.linspace makes its tensors on the CPU in every device context (meta,
# cuda) of the process, while torch.arange, zeros, ... follow it. A model that is built next raises
# about tensors on two devices, or keeps a buffer on the CPU, without a word about transformers;
# the same program is right if a device context was used once before loading.
#
# usage: transformers_linspace_device.sh [version of transformers]     about 3 GB of downloads
set -euo pipefail
transformers=${1:-5.23.0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet torch==2.11.0 numpy==2.4.6 "transformers==$transformers"
cd "$work"
cat > load.py <<'PY'
import sys

import torch
import transformers

sizes = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
sizes |= {"intermediate_size": 8, "vocab_size": 11}
config = transformers.BertConfig(**sizes)
transformers.BertModel(config).save_pretrained("bert")
if sys.argv[1] == "a device context before":
    with torch.device("cpu"):
        torch.empty(0)
transformers.BertModel.from_pretrained("bert")
with torch.device("meta"):
    made = {"linspace": torch.linspace(0, 1, 5), "arange": torch.arange(5)}
print(f"torch {torch.__version__}, transformers {transformers.__version__}, {sys.argv[1]}:")
print("  on the meta device:", {name: tensor.device.type for name, tensor in made.items()})
sys.exit(0 if made["linspace"].is_meta else 3)
PY
first=0 second=0
"$work/venv/bin/python" load.py "from_pretrained first" 2>/dev/null || first=$?
"$work/venv/bin/python" load.py "a device context before" 2>/dev/null || second=$?
if [ "$first" = 3 ] && [ "$second" = 0 ]; then
    echo "as described"
else
    echo "CHANGED: linspace follows the device context after loading, too ($first, $second)"
    exit 1
fi
