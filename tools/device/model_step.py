"""Training steps of a configuration on a device, in bf16: seconds, memory, hours of speech an hour.

The batch is the largest that the configuration allows, of noise, and labels at random. With
`--fsdp2` the model is sharded over one process, and what `plan_memory.py` counts stands beside.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
from step_memory import NUM_UNITS, PICTURE, VOCAB_SIZE, count_step

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import AVModel, Sizes
from espnet_av.rates import FRAME_HZ, SAMPLES_PER_FRAME
from espnet_av.train.config import TrainConfig
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.sharding import shard

GIB = 2**30
NUM_REGIONS, NUM_LABELS = 36, 10
USUAL_FRAMES = 200
"""Of a clip, 8 s, where the configuration has no limit."""
Batch = dict[str, Any]


def main() -> None:
    """Run the steps and print (or write) what they took."""
    args = parse_args()
    torch.manual_seed(0)
    config = dataclasses.replace(load_config(TrainConfig, args.config), precision="bf16")
    if args.recompute:
        config = recomputing(config, args.recompute == "yes")
    model = make_model(config, args.device)
    num_parameters = sum(p.numel() for p in model.parameters())
    batch = make_batch(config, model, args.device)
    with one_process(args.device) if args.fsdp2 else ExitStack() as mesh:
        if args.fsdp2:
            shard(model, mesh)
        training = Training(config, model, batch, args.device)
        losses, seconds = training.run(args.steps)
    lines = [
        f"`{args.config}`, {num_parameters / 1e6:.0f} M parameters, {describe(batch)}; "
        "in bf16, whatever the configuration says.",
        "",
        *facts(args, config, batch, losses, seconds),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    if args.out:
        args.out.write_text(text, encoding="utf-8")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path, help="train_*.yaml")
    parser.add_argument("--fsdp2", action="store_true", help="sharded over one process")
    parser.add_argument("--recompute", choices=["yes", "no"], help="instead of the configuration")
    parser.add_argument("--steps", type=int, default=3, help="after one that is not timed")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def recomputing(config: TrainConfig, recompute: bool) -> TrainConfig:
    """With all layers kept in a step, and computed again in the backward pass or not."""
    model_conf: dict[str, Any] = dict(config.model_conf)
    encoder_conf = {**model_conf.get("encoder_conf", {}), "layerdrop": 0.0}
    model_conf["encoder_conf"] = {**encoder_conf, "checkpoint_layers": recompute}
    if "modality_dropout" in model_conf:
        model_conf["modality_dropout"] = {**model_conf["modality_dropout"], "drop_prob": 0.0}
    return dataclasses.replace(config, model_conf=model_conf)


def make_model(config: TrainConfig, device: str) -> AVModel:
    """The model of a configuration, in training, with the weights it is born with."""
    config_class, model_class = MODELS[config.model]
    model_config = build(config_class, config.model_conf, config.model)
    sizes = Sizes(vocab=VOCAB_SIZE, units=NUM_UNITS, labels=NUM_LABELS)
    return model_class.from_config(model_config, sizes).train().to(device)


def make_batch(config: TrainConfig, model: AVModel, device: str) -> Batch:
    """As many of the longest clips as a batch holds, with all that the model reads."""
    longest = min(config.dataset.max_frames or USUAL_FRAMES, config.batch_frames)
    num = max(1, min(config.batch_frames // longest, config.max_utts))
    lengths = torch.full((num,), longest)
    lengths[1:] -= 1
    makers = makers_of(config, model, lengths)
    wanted = set(model.reads)
    wanted |= {"speech", "video"} if config.dataset.modalities == "AV" else {"speech"}
    unknown = wanted - set(makers)
    if unknown:
        msg = f"no data can be drawn for {', '.join(sorted(unknown))}, which {config.model} reads"
        raise SystemExit(msg)
    batch: Batch = {"utt_id": [str(row) for row in range(num)]}
    for name in sorted(wanted):
        batch |= makers[name]()
    return {k: v.to(device) if _is_array(k, v) else v for k, v in batch.items()}


def _is_array(name: str, value: Any) -> bool:
    """Lengths stay on the host, as in training."""
    return isinstance(value, Tensor) and not name.endswith("_lengths")


def makers_of(
    config: TrainConfig, model: AVModel, lengths: Tensor
) -> dict[str, Callable[[], Batch]]:
    """Field -> what draws it, with its lengths where it has some."""
    num, longest = len(lengths), int(lengths.max())
    repeat = int(model.feature_rate) // FRAME_HZ
    tokens = (lengths // 5).clamp(1, 100)

    def padded(name: str, values: Tensor, sizes: Tensor) -> Batch:
        return {name: values, f"{name}_lengths": sizes}

    def film() -> Batch:
        frames, size = config.dataset.film_frames or 16, config.dataset.film_size
        pixels = torch.randint(0, 256, (num, frames, size, size, 3), dtype=torch.uint8)
        return padded("film", pixels, torch.full((num,), frames))

    def image() -> Batch:
        size = config.model_conf["image"].get("feature_size", 2048)
        values = torch.randn(num, NUM_REGIONS, size)
        return padded("image", values, torch.full((num,), NUM_REGIONS))

    def boxes() -> Batch:
        corners = torch.rand(num, NUM_REGIONS, 2, 2).sort(dim=2).values.flatten(2)
        return padded("boxes", corners, torch.full((num,), NUM_REGIONS))

    def teacher() -> Batch:
        return {"teacher": torch.randn(num, config.model_conf.get("vector_size", 768))}

    return {
        "speech": lambda: padded(
            "speech",
            0.1 * torch.randn(num, SAMPLES_PER_FRAME * longest),
            SAMPLES_PER_FRAME * lengths,
        ),
        "video": lambda: padded(
            "video", torch.randint(0, 256, (num, longest, *PICTURE), dtype=torch.uint8), lengths
        ),
        "units": lambda: padded(
            "units", torch.randint(0, NUM_UNITS, (num, repeat * longest)), repeat * lengths
        ),
        "text": lambda: padded(
            "text", torch.randint(1, VOCAB_SIZE - 1, (num, int(tokens.max()))), tokens
        ),
        "label": lambda: {"label": torch.randint(0, NUM_LABELS, (num,))},
        "image_id": lambda: {"image_id": torch.arange(num)},
        "film": film,
        "image": image,
        "boxes": boxes,
        "teacher": teacher,
    }


class Training:
    """Steps as `bin.train` takes them, but for Lightning and the schedule of the rate."""

    def __init__(self, config: TrainConfig, model: nn.Module, batch: Batch, device: str) -> None:
        self.model, self.batch, self.device = model, batch, device
        self.optimizer = build_optimizer(model, config.optim, config.optim_conf)

    def run(self, steps: int) -> tuple[list[float], list[float]]:
        """Losses of all steps and seconds of all but the first; each loss has to be finite."""
        losses, seconds = [], []
        if self.device != "cpu":
            torch.cuda.reset_peak_memory_stats()
        for number in range(steps + 1):
            start = time.perf_counter()
            losses.append(self.step(number))
            seconds.append(time.perf_counter() - start)
        assert all(map(math.isfinite, losses)), f"losses {losses}"
        return losses, seconds[1:]

    def step(self, number: int) -> float:
        """One update; its loss, which waits for the device."""
        self.model.set_step(number, 0, 0)
        self.model.set_update(number)
        with torch.autocast(torch.device(self.device).type, torch.bfloat16):
            loss, _, weight = self.model(**self.batch)
        (loss * weight).sum().backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.detach().sum())


@contextmanager
def one_process(device: str) -> Iterator[DeviceMesh]:
    """A group of this process alone, by the library that the device's groups use."""
    kind = torch.device(device).type
    backend = "gloo" if kind == "cpu" else "nccl"
    distributed.init_process_group(backend, store=distributed.HashStore(), rank=0, world_size=1)
    try:
        yield init_device_mesh(kind, (1,))
    finally:
        distributed.destroy_process_group()


def describe(batch: Batch) -> str:
    """Its clips."""
    num, samples = batch["speech"].shape
    return f"{num} clips of {samples / SAMPLES_PER_FRAME / FRAME_HZ:.1f} s"


def facts(
    args: argparse.Namespace,
    config: TrainConfig,
    batch: Batch,
    losses: list[float],
    seconds: list[float],
) -> list[str]:
    """What was seen, a line each."""
    middle = statistics.median(seconds)
    speech = int(batch["speech_lengths"].sum()) / SAMPLES_PER_FRAME / FRAME_HZ
    lines = [
        f"- a step: {middle:.3f} s ({min(seconds):.3f} to {max(seconds):.3f}); losses "
        + ", ".join(f"{loss:.4g}" for loss in losses),
        f"- **{speech / middle:.0f} hours of speech an hour**, reading not counted",
    ]
    if args.device == "cpu":
        lines.append("- memory: not measured on a processor")
    else:
        taken, held = torch.cuda.max_memory_allocated(), torch.cuda.max_memory_reserved()
        lines.append(f"- memory at most: {taken / GIB:.2f} GiB, held {held / GIB:.2f} GiB")
    if args.fsdp2:
        start = time.perf_counter()
        planned = count_step(config, 1).peak
        lines.append(
            f"- planned by `plan_memory.py`: {planned / GIB:.2f} GiB"
            f" (counted in {time.perf_counter() - start:.0f} s)"
        )
    return lines


if __name__ == "__main__":
    main()
