"""ABX errors: time and memory of ours against fastabx 0.9, by number of cells and of layers.

    python tools/abx_peers/make_task.py WORK  # 60 000 items, 40 talkers
    python tools/benchmarks/bench_abx.py WORK --peer PYTHON --out tools/benchmarks/results/NAME.md

Each way is a process of its own, from its start to its end, with one thread; CPU seconds, so that
other load does not count. `tools/abx_peers/run.sh` asserts that scores are equal where nothing is
drawn; with draws (10 items, 5 talkers) each draws its own, and errors differ a little.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from page import heading, publish, version_line

HERE = Path(__file__).resolve().parent
CODE = """
import json, sys, time
from espnet_av.bin.abx import main
main(sys.argv[2:])
status = open("/proc/self/status").read().split("VmHWM:")[1].split()[0]
found = json.load(open(sys.argv[1]))
layer = found["layers"][found["layer"]]
rates = sorted({layer["error_rate"] for layer in found["layers"].values()})
print(json.dumps({"error_rate": found["error_rate"], "rates": rates, "cells": layer["num_cells"],
    "cpu_sec": time.process_time(), "peak_mb": int(status) / 1024}))
"""
SPEAKERS = ("within", "across")
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, help="made by make_task.py")
    parser.add_argument("--peer", help="Python that imports fastabx")
    parser.add_argument("--num_layers", type=int, default=12, help="the one layer, so many times")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = ["| talkers | tool | error % | cells | CPU s | peak MB |", "|---|---|--:|--:|--:|--:|"]
    notes = []
    for speaker in SPEAKERS:
        mine = ours(options.work, speaker)
        rows.append(row(speaker, "espnet-av abx", mine))
        if options.peer:
            theirs = fastabx(options.peer, options.work, speaker)
            rows.append(row(speaker, "fastabx 0.9", theirs))
            speed = theirs["cpu_sec"] / mine["cpu_sec"]
            memory = mine["peak_mb"] / theirs["peak_mb"]
            notes.append(f"{speaker}: **{speed:.1f} times as fast, {memory:.2f} of the memory**")
    notes.append(layers_note(options.work, options.num_layers))
    title = "ABX errors of 60 000 items"
    publish(
        "\n".join([*heading(title, "cpu", 1), *rows, "", *notes, "", version_line(), ""]),
        options.out,
    )


def layers_note(work: Path, num_layers: int) -> str:
    """Price of many layers in that of one; in turn, as the machine has other work, too."""
    found = [(ours(work, "within"), ours(work, "within", num_layers)) for _ in range(ROUNDS)]
    rates = {tuple(run["rates"]) for pair in found for run in pair}
    if len(rates) > 1:
        msg = f"layers that are the same score {rates}"
        raise AssertionError(msg)
    one, many = (min(run["cpu_sec"] for run in runs) for runs in zip(*found, strict=True))
    memory = max(many["peak_mb"] for _, many in found)
    return (
        f"{num_layers} layers, within: {many:.1f} s, where one takes {one:.1f} s: "
        f"**{many / one:.1f} times the price of one**, in {memory:.0f} MB (the least of {ROUNDS} "
        "runs each, in turn; all layers score alike)"
    )


def row(speaker: str, tool: str, found: dict[str, Any]) -> str:
    """A line of the table."""
    cells = found.get("cells", "")
    return (
        f"| {speaker} | {tool} | {100 * found['error_rate']:.3f} | {cells} | "
        f"{found['cpu_sec']:.1f} | {found['peak_mb']:.0f} |"
    )


def ours(work: Path, speaker: str, num_layers: int = 1) -> dict[str, Any]:
    """Our verb; layers are links to the one there is."""
    links = [work / "links" / f"layer{n + 1}" for n in range(num_layers)]
    links[0].parent.mkdir(exist_ok=True)
    for link in links:
        if not link.is_symlink():
            link.symlink_to(work / "npy" / "layer1")
    output = work / "ours.json"
    arguments = ["--features", *map(str, links), "--items", str(work / "task.item")]
    arguments += ["--frame_hz", "50", "--speaker", speaker, "--output", str(output)]
    return run([sys.executable, "-c", CODE, str(output), *arguments])


def fastabx(peer: str, work: Path, speaker: str) -> dict[str, Any]:
    """The same by fastabx."""
    script = HERE.parent / "abx_peers" / "fastabx_scores.py"
    task = (work / "task.item", work / "pt" / "layer1")
    return run([peer, str(script), *map(str, task), speaker, "angular", "10", "5"])


def run(command: list[str]) -> dict[str, Any]:
    """Last line of what a process prints; one thread."""
    one = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, **one}
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
