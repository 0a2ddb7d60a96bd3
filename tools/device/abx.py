"""ABX errors of a drawn task: makes it, then measures what scoring it takes."""

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Run both programs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_items", default="20000")
    parser.add_argument("--dim", default="768")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    make = ROOT / "tools/abx_peers/make_task.py"
    sizes = ["--num_items", args.num_items, "--dim", args.dim]
    subprocess.run([sys.executable, make, *sizes, args.work], check=True)
    bench = [sys.executable, ROOT / "tools/benchmarks/bench_abx.py", args.work, "--num_layers", "2"]
    subprocess.run([*bench, *(("--out", args.out) if args.out else ())], check=True)


if __name__ == "__main__":
    main()
