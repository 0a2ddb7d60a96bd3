"""Will pre-training fit? A training step under FSDP2, counted without the memory it needs.

One step (forward, backward, optimiser) of the largest batch, with every layer and both modalities
kept, on the meta device and with pretended processes, in the precision of the configuration:

    python tools/benchmarks/plan_memory.py --world_size 8 64 --out <results>.md

Context and workspaces of CUDA, buffers of NCCL and gaps between allocations come on top.
"""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

from page import heading, publish, version_line
from step_memory import StepMemory, count_step, largest_batch, make_model

from espnet_av.config import load_config
from espnet_av.train.config import TrainConfig

FULL = Path(__file__).resolve().parents[2] / "egs2/mini_av/avsr1/conf/full"
CONFIGS = [FULL / "train_wav2vec2_xlsr_2b.yaml", FULL / "train_xlavsr_2b.yaml"]
PRETRAINED = ("wav2vec2", "hubert", "avhubert")
GIB = 2**30


def main() -> None:
    """Count every combination and print (or write) the table."""
    args = parse_args()
    lines = [
        *heading("Memory of a training step under FSDP2, planned", "cpu"),
        "Counted, not measured: sizes and lifetimes on the meta device, casts as autocast makes "
        "them on CUDA, fused attention. On top come context and workspaces of CUDA, buffers of "
        "NCCL and gaps between allocations. 1 GiB = 1024³ bytes.",
        "",
        "| configuration | parameters, M | batch on each process | layers computed again | "
        "processes | parameters on each, M | own weights, gradients, moments, GiB | gathered, GiB "
        "| activations, GiB | peak, GiB | counted in, s |",
        "|---|--:|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for path in args.configs:
        for recompute in args.recompute:
            config = prepare(path, recompute == "yes")
            for world_size in args.world_size:
                start = time.process_time()
                counted = count_step(config, world_size)
                check_shares(counted, world_size)
                seconds = time.process_time() - start
                cells = [path.stem.removeprefix("train_"), f"{counted.num_parameters / 1e6:.0f}"]
                cells += [describe_batch(config), recompute, str(world_size)]
                lines.append(row(cells, counted, seconds))
                print(lines[-1], flush=True)
    lines += ["", version_line(), ""]
    publish("\n".join(lines), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--configs", type=Path, nargs="+", default=CONFIGS, help="train_*.yaml")
    parser.add_argument("--world_size", type=int, nargs="+", default=[8, 64])
    parser.add_argument(
        "--recompute",
        nargs="+",
        default=["yes", "no"],
        choices=["yes", "no"],
        help="layers are computed again in the backward pass (checkpoint_layers)",
    )
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def prepare(path: Path, recompute: bool) -> TrainConfig:
    """A configuration that leaves nothing out of a step, which would make it smaller."""
    config = load_config(TrainConfig, path)
    if config.model not in PRETRAINED:
        msg = f"{path}: model: {config.model}; counted are {', '.join(PRETRAINED)}"
        raise SystemExit(msg)
    model_conf: dict[str, Any] = dict(config.model_conf)
    encoder_conf = {**model_conf.get("encoder_conf", {}), "layerdrop": 0.0}
    model_conf["encoder_conf"] = {**encoder_conf, "checkpoint_layers": recompute}
    if "modality_dropout" in model_conf:
        kept = {**model_conf["modality_dropout"], "drop_prob": 0.0}
        model_conf["modality_dropout"] = kept
    return dataclasses.replace(config, model_conf=model_conf)


def check_shares(counted: StepMemory, world_size: int) -> None:
    """Weights are spread evenly but for whole rows; Adam keeps two numbers for each."""
    even = 4 * counted.num_parameters / world_size
    assert even <= counted.parameters < 1.1 * even, f"{counted.parameters} bytes, {even} expected"
    assert counted.moments == 2 * counted.parameters, "not two moments a weight"
    assert counted.of("Sharded Param") == counted.parameters, "the count missed weights"


def describe_batch(config: TrainConfig) -> str:
    """Its clips."""
    batch = largest_batch(config, make_model(config))
    num, samples = batch["speech"].shape
    return f"{num} clips of {samples / 16000:.1f} s"


def row(cells: list[str], counted: StepMemory, seconds: float) -> str:
    """A line of the table."""
    sizes = (counted.own, counted.gathered, counted.activations, counted.peak)
    cells = [*cells, f"{counted.parameters / 4e6:.1f}", *(f"{size / GIB:.2f}" for size in sizes)]
    return f"| {' | '.join(cells)} | {seconds:.0f} |"


if __name__ == "__main__":
    main()
