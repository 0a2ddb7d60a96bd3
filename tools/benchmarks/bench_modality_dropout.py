"""A training step with p_m = 0.5: what is dropped is not computed, against computed and zeroed.

Asserts that both train to the same losses and weights at the same draws, then prints times and
their ratio:

    python tools/benchmarks/bench_modality_dropout.py --out tools/benchmarks/results/<name>.md
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

from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel, ModalityDropoutConfig
from espnet_av.ops.stream_lengths import StreamLengths

VOCAB_SIZE, TEXT_LENGTH = 30, 25
LOSS_TOLERANCE = 1e-4
"""Largest relative difference of a loss."""
WEIGHT_TOLERANCE = 1e-3
"""Largest difference of a weight after the last step."""


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    rows = [compare(args, per) for per in ("batch", "utterance")]
    text = report(args, rows)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_clips", type=int, default=8)
    parser.add_argument("--num_frames", type=int, default=75, help="per clip, at 25 Hz")
    parser.add_argument("--width", type=int, default=16, help="of the visual ResNet")
    parser.add_argument("--image_pool", type=int, default=2)
    parser.add_argument("--activation", default="relu")
    parser.add_argument("--drop_prob", type=float, default=0.5)
    parser.add_argument("--audio_given_drop", type=float, default=0.0)
    parser.add_argument("--steps", type=int, default=20, help="timed steps of each kind")
    parser.add_argument("--warm_up", type=int, default=3)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


class Zeroed(nn.Module):
    """A front end as others write modality dropout: computed for every clip, then multiplied by 0.

    Args:
        frontend: what computes the features.
    """

    def __init__(self, frontend: nn.Module) -> None:
        super().__init__()
        self.frontend = frontend
        self.kept = torch.empty(0)

    def forward(self, data: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the kept clips, zeros for the others."""
        features, lengths = self.frontend(data, lengths)
        return features * self.kept.to(features).view(-1, 1, 1), lengths


def compute_all(model: AVSRModel) -> AVSRModel:
    """Turns a model into one that computes what it drops, with the same draws."""
    frontend = model.frontend
    parts = [Zeroed(part) for part in (frontend.audio, frontend.visual)]
    frontend.audio, frontend.visual = parts
    draw = frontend.draw_kept

    def keep_all(lengths: StreamLengths) -> tuple[Tensor, Tensor]:
        parts[0].kept, parts[1].kept = draw(lengths)
        return lengths.samples > 0, lengths.video > 0

    frontend.draw_kept = keep_all  # type: ignore[method-assign]
    return model


def build(args: argparse.Namespace, per: str) -> AVSRModel:
    """A small GRID recogniser: log-mel, ResNet, two-layer bidirectional GRU, CTC."""
    torch.manual_seed(0)
    rnn = {"rnn_type": "gru", "hidden_size": 128, "output_size": 128, "use_projection": False}
    # No random numbers but the draws of modality dropout: both kinds must see the same.
    spec_augment = {"num_freq_masks": 0, "num_time_masks": 0}
    config = AVSRConfig(
        audio_frontend_conf={"subsampling": "stack", "spec_augment": spec_augment},
        visual_frontend_conf={
            "width": args.width,
            "image_pool": args.image_pool,
            "activation": args.activation,
        },
        feature_size=96,
        dropout_rate=0.0,
        modality_dropout=ModalityDropoutConfig(
            drop_prob=args.drop_prob, audio_given_drop=args.audio_given_drop, per=per
        ),
        encoder="rnn",
        encoder_conf={**rnn, "num_layers": 2},
    )
    return AVSRModel.from_config(config, Sizes(vocab=VOCAB_SIZE)).to(args.device)


def make_batch(args: argparse.Namespace) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    num, frames = args.num_clips, args.num_frames
    shape = (num, frames, 88, 88)
    batch = {
        "speech": torch.randn(num, frames * 640, generator=generator) * 0.1,
        "speech_lengths": torch.full((num,), frames * 640),
        "video": torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8),
        "video_lengths": torch.full((num,), frames),
        "text": torch.randint(1, VOCAB_SIZE - 1, (num, TEXT_LENGTH), generator=generator),
        "text_lengths": torch.full((num,), TEXT_LENGTH),
    }
    return {key: value.to(args.device) for key, value in batch.items()}


class Run:
    """One model in training.

    Args:
        model: what is trained.
        batch: the batch of every step.
        freeze_norm: batch norm in evaluation mode, so that clips do not see each other.
    """

    def __init__(self, model: AVSRModel, batch: dict[str, Tensor], freeze_norm: bool) -> None:
        self.model, self.batch = model.train(), batch
        self.device = batch["video"].device.type
        for module in model.modules():
            if freeze_norm and isinstance(module, nn.BatchNorm2d):
                module.eval()
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def step(self, number: int) -> None:
        """One timed optimiser step."""
        start = clock(self.device)
        self.model.set_step(number)
        loss, _, _ = self.model(**self.batch)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.item())
        self.seconds.append(clock(self.device) - start)


def compare(args: argparse.Namespace, per: str) -> dict[str, Any]:
    """Times both kinds side by side, after asserting equal losses and weights."""
    model = build(args, per)
    batch = make_batch(args)
    # Per utterance, batch norm would see other clips in the two kinds; per batch it sees the same.
    freeze = per == "utterance"
    skipping = Run(model, batch, freeze)
    computing = Run(compute_all(copy.deepcopy(model)), batch, freeze)
    for number in range(args.warm_up + args.steps):
        # Alternating, so that other load on the machine hits both alike.
        for run in (skipping, computing):
            run.step(number)
    losses = zip(skipping.losses, computing.losses, strict=True)
    worst = max(abs(a - b) / abs(b) for a, b in losses)
    assert worst < LOSS_TOLERANCE, f"per {per}: losses differ by {worst:.1e}"
    pairs = zip(skipping.model.parameters(), computing.model.parameters(), strict=True)
    apart = max((a - b).detach().abs().max().item() for a, b in pairs)
    assert apart < WEIGHT_TOLERANCE, f"per {per}: weights differ by {apart:.1e}"
    return {
        "per": per,
        "skip": skipping.seconds[args.warm_up :],
        "compute": computing.seconds[args.warm_up :],
        "worst": worst,
        "norm": "frozen" if freeze else "training",
    }


def report(args: argparse.Namespace, rows: list[dict[str, Any]]) -> str:
    """The results file: machine, command, table, versions."""
    lines = [
        *heading(
            "Modality dropout: skipping against computing and zeroing",
            args.device,
            args.num_threads,
        ),
        f"{args.num_clips} clips of {args.num_frames} frames of 88x88, ResNet-18 of width "
        f"{args.width} (image_pool {args.image_pool}, {args.activation}), 2-layer bidirectional "
        f"GRU, CTC; p_m {args.drop_prob}, p_a {args.audio_given_drop}; {args.steps} optimiser "
        "steps of each kind, alternating. Losses are equal within "
        f"{LOSS_TOLERANCE:g} at every step, weights within {WEIGHT_TOLERANCE:g} after the last. "
        "Times are CPU seconds of the process, wall seconds on a GPU.",
        "",
        "| draw per | batch norm | skip: mean ms | median | p95 | compute and zero: mean ms "
        "| median | p95 | ratio of means | largest relative difference of a loss |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = statistics.mean(row["compute"]) / statistics.mean(row["skip"])
        lines.append(
            f"| {row['per']} | {row['norm']} | {mean_spread(row['skip'])} "
            f"| {mean_spread(row['compute'])} "
            f"| **{ratio:.2f}** | {row['worst']:.1e} |"
        )
    lines += ["", version_line(), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
