#!/usr/bin/env bash
# On a CPU, batch norm in channels_last is many times slower if the channels are no multiple of 8.
#
# torch has a vectorised path for channels_last whose rows are whole vectors; for the others it falls
# back to one that takes 5 to 15 times as long a channel: 12 channels take longer than 24, and a
# narrow ResNet (width 12, 20, ...) spends more time in batch norm than in convolutions. There is no
# word of it, and converting to contiguous and back costs less than staying.
#
# usage: torch_batch_norm_channels.sh [version of torch]                 about 3 GB of downloads
set -euo pipefail
torch=${1:-2.11.0}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "torch==$torch" numpy==2.4.6
cat > "$work/time_them.py" <<'PY'
import sys
import time

import torch

torch.set_num_threads(1)
print(f"torch {torch.__version__}, kernels of {torch.backends.cpu.get_cpu_capability()}")


def fastest_ms(run):
    times = []
    for _ in range(20):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


a_channel = {}
for layout in (torch.channels_last, torch.contiguous_format):
    for channels in (8, 12, 16, 20, 24):
        x = torch.randn(150, channels, 44, 44).contiguous(memory_format=layout)
        norm = torch.nn.BatchNorm2d(channels)
        took = fastest_ms(lambda norm=norm, x=x: norm(x))
        a_channel[layout, channels] = took / channels
        print(f"  {str(layout)[6:]:17} {channels:2} channels: {took:6.2f} ms")
last = {c: a_channel[torch.channels_last, c] for c in (8, 12, 16, 20, 24)}
slow, fast = min(last[12], last[20]), max(last[8], last[16], last[24])
print(f"  channels_last, no multiple of 8: at least {slow / fast:.1f} times as long a channel")
sys.exit(0 if slow > 2.5 * fast else 1)
PY
if "$work/venv/bin/python" "$work/time_them.py"; then
    echo "as described"
else
    echo "CHANGED: batch norm of 12 or 20 channels is no longer far slower"
    exit 1
fi
