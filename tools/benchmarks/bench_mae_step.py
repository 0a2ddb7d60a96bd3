"""An AV-MAE pre-training step: only what is visible is encoded, against all of it.

The straightforward step sends every box of the film through the encoder, the hidden ones out of
sight of the others, and takes the visible ones at the end. Asserts equal losses at the same draws,
and equal weights at the end, then prints times and their ratio for two mask ratios:

    python tools/benchmarks/bench_mae_step.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import copy
import statistics
from pathlib import Path
from typing import Any

import torch
from page import heading, publish, version_line
from timing import clock, mean_spread
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.av_mae import AVMaeConfig, AVMaeModel
from espnet_av.modules.vit import FilmEncoder

SEED = 0
RATIOS = (0.6, 0.9)
LOSS_TOLERANCE = 1e-4
"""Largest relative difference of a loss."""
WEIGHT_TOLERANCE = 1e-3
"""Largest difference of a weight after the last step."""
CONFORMER = {
    "macaron_style": True,
    "use_cnn_module": True,
    "pos_enc_layer_type": "abs_pos",
    "selfattention_layer_type": "selfattn",
    "dropout_rate": 0.0,
    "positional_dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
}


class EncodesAll(FilmEncoder):
    """The same result by way of every box."""

    def forward(self, patches: Tensor, places: Tensor) -> Tensor:
        """See `FilmEncoder`."""
        seen = torch.zeros(patches.shape[:2], dtype=torch.bool, device=patches.device)
        seen = seen.scatter(1, places, True)
        embedded = self.embed(patches) + self.positions()
        encoded = self.transformer(embedded, seen[:, None, None])
        chosen: Tensor = encoded.gather(1, places.unsqueeze(2).expand(-1, -1, encoded.size(2)))
        return chosen


def main() -> None:
    """Run the comparisons and print (or write) their table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    publish(report(args, [compare(args, ratio) for ratio in RATIOS]), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_clips", type=int, default=1)
    parser.add_argument("--num_frames", type=int, default=250, help="of the sound, at 25 Hz")
    parser.add_argument("--film_size", type=int, default=224, help="pixels; 16 frames of them")
    parser.add_argument("--num_blocks", type=int, default=16, help="of the Conformer, 256 wide")
    parser.add_argument("--num_layers", type=int, default=12, help="of the ViT, 768 wide")
    parser.add_argument("--decoder_layers", type=int, default=4, help="512 wide")
    parser.add_argument("--steps", type=int, default=3, help="timed steps of each kind")
    parser.add_argument("--warm_up", type=int, default=1)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def make_model(args: argparse.Namespace, ratio: float) -> AVMaeModel:
    """AV-MAE without dropout and with batch norm frozen: two copies see the same."""
    torch.manual_seed(SEED)
    sizes = {"output_size": 256, "attention_heads": 4, "linear_units": 1024}
    blocks = {"num_blocks": args.num_blocks, "cnn_module_kernel": 31}
    conf = {
        "losses": "mae",
        "mask_ratio": ratio,
        "audio_frontend_conf": {"subsampling": "conv1d", "channels": 256},
        "dropout_rate": 0.0,
        "encoder_conf": {**CONFORMER, **sizes, **blocks},
        "film": {"size": args.film_size},
        "film_encoder": {"num_layers": args.num_layers},
        "decoder": {
            "size": 512,
            "num_layers": args.decoder_layers,
            "attention_heads": 8,
            "linear_units": 2048,
        },
    }
    model = AVMaeModel.from_config(build(AVMaeConfig, conf), NO_SIZES).to(args.device).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d):
            module.eval()
    return model


def make_batch(args: argparse.Namespace) -> dict[str, Tensor]:
    """Noise."""
    generator = torch.Generator().manual_seed(SEED)
    num, samples, size = args.num_clips, args.num_frames * 640, args.film_size
    shape = (num, 16, size, size, 3)
    batch = {
        "speech": torch.randn(num, samples, generator=generator) * 0.1,
        "speech_lengths": torch.full((num,), samples),
        "film": torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8),
        "film_lengths": torch.full((num,), 16),
    }
    return {key: value.to(args.device) for key, value in batch.items()}


class Run:
    """One model in training.

    Args:
        model: what is trained.
    """

    def __init__(self, model: AVMaeModel) -> None:
        self.model = model
        # No moments: they would turn differences of rounding into steps.
        self.optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def step(self, batch: dict[str, Tensor], number: int) -> None:
        """One timed optimiser step."""
        device = batch["film"].device.type
        start = clock(device)
        self.model.set_step(number, 0, SEED)
        loss = self.model(**batch)[0]
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.item())
        self.seconds.append(clock(device) - start)


def compare(args: argparse.Namespace, ratio: float) -> dict[str, Any]:
    """Times both kinds side by side, and asserts equal losses and weights."""
    model, batch = make_model(args, ratio), make_batch(args)
    other = copy.deepcopy(model)
    other.film_encoder.__class__ = EncodesAll
    ours, theirs = Run(model), Run(other)
    for number in range(args.warm_up + args.steps):
        # Alternating, so that other load on the machine hits both alike.
        for run in (ours, theirs):
            run.step(batch, number)
    pairs = zip(ours.losses, theirs.losses, strict=True)
    worst = max(abs(a - b) / abs(b) for a, b in pairs)
    assert worst < LOSS_TOLERANCE, f"losses differ by {worst:.1e}"
    weights = zip(ours.model.parameters(), theirs.model.parameters(), strict=True)
    apart = max((a - b).detach().abs().max().item() for a, b in weights)
    assert apart < WEIGHT_TOLERANCE, f"weights differ by {apart:.1e}"
    return {
        "ratio": ratio,
        "ours": ours.seconds[args.warm_up :],
        "theirs": theirs.seconds[args.warm_up :],
        "worst": worst,
    }


def report(args: argparse.Namespace, rows: list[dict[str, Any]]) -> str:
    """The results file: machine, command, table, versions."""
    title = "AV-MAE pre-training step: what is visible is encoded, against everything"
    lines = [
        *heading(title, args.device, args.num_threads),
        f"{args.num_clips} clip(s) of {args.num_frames} frames of sound and 16 frames of "
        f"{args.film_size}x{args.film_size}; Conformer of {args.num_blocks} blocks of 256, whose "
        f"hidden frames are zeros, ViT of {args.num_layers} layers of 768, decoder of "
        f"{args.decoder_layers} layers of 512; {args.steps} optimiser steps of each kind, "
        f"alternating. Losses are equal within {LOSS_TOLERANCE:g} at every step, weights within "
        f"{WEIGHT_TOLERANCE:g} after the last. Times are CPU seconds of the process, wall seconds "
        "on a GPU; a step is all of it, sound and decoder too.",
        "",
        "| mask ratio | ours: mean ms | median | p95 | everything: mean ms | median | p95 "
        "| ratio of means | largest relative difference of a loss |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = statistics.mean(row["theirs"]) / statistics.mean(row["ours"])
        lines.append(
            f"| {row['ratio']:g} | {mean_spread(row['ours'])} | {mean_spread(row['theirs'])} "
            f"| **{ratio:.2f}** | {row['worst']:.1e} |"
        )
    lines += ["", version_line(), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
