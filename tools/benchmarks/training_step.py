"""A training step of the small recipes, as a process that answers requests: one JSON a line.

Started by `bench_training_step.py` with the tree under test first in `PYTHONPATH`.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile
from trees import serve, spent

import espnet_av
from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.train.config import TrainConfig
from espnet_av.train.optimizers import build_optimizer

RECIPES = {
    "mini_av": ("egs2/mini_av/avsr1/conf/train_avsr.yaml", (76, 75, 72, 70)),
    "GRID": ("egs2/grid/avsr1/conf/train_avsr.yaml", (75, 75)),
}
"""Recipe -> (configuration, frames of the clips of a batch)."""
VOCAB_SIZE, NUM_UNITS, NUM_TOKENS = 30, 50, 25
KINDS = {
    "convolutions": ("convolution",),
    "batch norm": ("batchnorm", "batch_norm"),
    "GRU": ("gru", "addmmbackward", "unsafesplit", "slicebackward"),
    "optimiser": ("optimizer",),
}
"""Kind of work -> what one of an operation and its callers is named; torch's own GRU leaves no name
in its backward pass but those of its frames' steps."""
REST = "everything else"


def main() -> None:
    """Answer until the input ends."""
    tree = Path(espnet_av.__file__).parents[1]
    torch.set_num_threads(1)
    if (tree / "espnet_av/train/allocator.py").exists():
        from espnet_av.train.allocator import keep_freed_memory

        keep_freed_memory()
    training = Training(tree, *sys.argv[1:])
    serve(
        {
            "first": lambda _: {"tree": str(tree), **training.first()},
            "profile": training.profile,
            "steps": training.timed,
        }
    )


class Training:
    """A model in training on one batch, as `bin.train` does it but for Lightning.

    Args:
        tree: where the configuration is.
        recipe: a key of `RECIPES`.
        precision: of the configuration.
    """

    def __init__(self, tree: Path, recipe: str, precision: str) -> None:
        path, frames = RECIPES[recipe]
        self.config, self.half = load_config(TrainConfig, tree / path), precision == "bf16"
        torch.manual_seed(0)
        config_class, model_class = MODELS[self.config.model]
        make = model_class.from_config
        model_config = build(config_class, self.config.model_conf, recipe)
        self.model = make(model_config, **_sizes(make)).train()
        self.batch = make_batch(frames)
        self.optimizer = build_optimizer(self.model, self.config.optim, self.config.optim_conf)
        self.number = 0

    def step(self, update: bool = True) -> float:
        """One optimiser step; the loss."""
        torch.manual_seed(self.number)
        self.model.set_step(self.number, 0, 0)
        self.model.set_update(self.number)
        self.number += 1
        with torch.autocast("cpu", torch.bfloat16, enabled=self.half):
            loss, _, weight = self.model(**self.batch)
        (loss * weight).backward()
        parameters = [p for p in self.model.parameters() if p.grad is not None]
        gradients = [p.grad for p in parameters if p.grad is not None]
        torch._foreach_mul_(gradients, 1.0 / weight)
        norm = torch.nn.utils.get_total_norm(gradients)
        if self.config.grad_clip > 0:
            torch.nn.utils.clip_grads_with_norm_(parameters, self.config.grad_clip, norm)
        if update:
            self.optimizer.step()
            self.optimizer.zero_grad()
        return loss.item()

    def first(self) -> dict[str, Any]:
        """Loss and gradient of the first step."""
        loss = self.step(update=False)
        gradient = torch.cat([p.grad.flatten() for p in self.model.parameters()])
        self.optimizer.zero_grad()
        return {"loss": loss, "gradient": gradient.tolist()}

    def timed(self, steps: int) -> dict[str, float]:
        """Seconds a step: of the processor in user and system mode, and of the wall."""
        return spent(self.step, steps)

    def profile(self, steps: int) -> dict[str, float]:
        """Share of each kind of operation."""
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            for _ in range(steps):
                self.step()
        spent = dict.fromkeys([*KINDS, REST], 0.0)
        for event in profiler.events():
            spent[kind_of(event)] += event.self_cpu_time_total
        total = sum(spent.values())
        return {kind: value / total for kind, value in spent.items()}


def kind_of(event: Any) -> str:
    """What an operation of a profile is part of."""
    while event is not None:
        name = event.name.lower()
        for kind, words in KINDS.items():
            if any(word in name for word in words):
                return kind
        event = event.cpu_parent
    return REST


def _sizes(make: Any) -> dict[str, Any]:
    """Sizes of a model, as `make` takes them in this tree."""
    if "sizes" not in inspect.signature(make).parameters:
        return {"vocab_size": VOCAB_SIZE, "num_units": NUM_UNITS}
    from espnet_av.models.abs_model import Sizes

    return {"sizes": Sizes(vocab=VOCAB_SIZE, units=NUM_UNITS)}


def make_batch(frames: tuple[int, ...]) -> dict[str, Tensor]:
    """Noise, and labels at random."""
    generator = torch.Generator().manual_seed(1)
    num, longest, lengths = len(frames), max(frames), torch.tensor(frames)
    pixels, tokens = (num, longest, 88, 88), (num, NUM_TOKENS)
    return {
        "speech": torch.randn(num, 640 * longest, generator=generator) * 0.1,
        "speech_lengths": 640 * lengths,
        "video": torch.randint(0, 256, pixels, generator=generator, dtype=torch.uint8),
        "video_lengths": lengths,
        "text": torch.randint(1, VOCAB_SIZE - 1, tokens, generator=generator),
        "text_lengths": torch.full((num,), NUM_TOKENS) - torch.arange(num),
        "units": torch.randint(0, NUM_UNITS, (num, longest), generator=generator),
    }


if __name__ == "__main__":
    main()
