"""Scores a task by fastabx, alone in its environment: one line of JSON for each way."""

import json
import sys
import time
from pathlib import Path

START = time.perf_counter()

import torch  # noqa: E402
from fastabx import zerospeech_abx  # noqa: E402


def main() -> None:
    items, features, speaker, distance, *limits = sys.argv[1:]
    torch.set_num_threads(1)
    group, across = (None if limit == "all" else int(limit) for limit in limits)
    error = zerospeech_abx(
        items, features, max_size_group=group, max_x_across=across, speaker=speaker,
        distance=distance, frequency=50, progress=False, device="cpu",
    )  # fmt: skip
    status = Path("/proc/self/status").read_text()
    found = {
        "error_rate": error,
        "wall_sec": time.perf_counter() - START,
        "cpu_sec": time.process_time(),
        "peak_mb": int(status.split("VmHWM:")[1].split()[0]) / 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
