"""Scores a task by fastabx, alone in its environment: one line of JSON for each way."""

import json
import resource
import sys
import time

START = time.perf_counter(), time.process_time()

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
    found = {
        "error_rate": error,
        "wall_sec": time.perf_counter() - START[0],
        "cpu_sec": time.process_time() - START[1],
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
