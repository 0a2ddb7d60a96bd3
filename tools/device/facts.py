"""What the device is: names, versions, and the rates of a copy and of a product."""

import argparse
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

REPEATS = 10


def main() -> None:
    """Measure and print (or write) a few lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=8192, help="of a square matrix")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    a, b = (
        torch.randn(args.size, args.size, device=args.device, dtype=torch.bfloat16)
        for _ in range(2)
    )
    product, copy = (seconds(args.device, work) for work in (lambda: a @ b, lambda: a.clone()))
    names = [platform.processor() or platform.machine(), f"{torch.get_num_threads()} threads"]
    if args.device != "cpu":
        facts = torch.cuda.get_device_properties(args.device)
        names += [facts.name, f"{facts.total_memory / 2**30:.1f} GiB"]
    lines = [
        f"- {', '.join(names)}",
        f"- python {sys.version.split()[0]}, torch {torch.__version__}, CUDA {torch.version.cuda}",
        f"- product of two {args.size} x {args.size} matrices in bf16: "
        f"{2 * args.size**3 / product / 1e12:.2f} TFLOP/s",
        f"- copy of one: {2 * a.nbytes / copy / 1e12:.3f} TB/s, read and written",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")


def seconds(device: str, work: Callable[[], object]) -> float:
    """Of one call, the mean of several after a few that are not counted."""
    for _ in range(3):
        work()
    _wait(device)
    start = time.perf_counter()
    for _ in range(REPEATS):
        work()
    _wait(device)
    return (time.perf_counter() - start) / REPEATS


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
