"""An AV-HuBERT pre-training step: what is padded or dropped is not computed, against all of it.

The straightforward step runs the 3-D convolution and the ResNet on every padded frame, computes
both modalities and multiplies the dropped one by zero, fills masked lips clip by clip, and compares
every padded frame with the units. Asserts equal losses at the same draws, and equal weights at the
end, then prints times and their ratio:

    python tools/benchmarks/bench_avssl_step.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import copy
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from page import heading, publish, version_line
from timing import clock, mean_spread
from torch import Tensor, nn

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel
from espnet_av.models.avhubert.masking import DrawnMasks, draw_masks
from espnet_av.modules.frontend.visual_resnet import ResNetFrontend
from espnet_av.modules.gradient_scale import scale_gradient
from espnet_av.modules.step_noise import StepNoise
from espnet_av.ops.mouth_pixels import normalise_pixels

NUM_UNITS = 500
SEED = 0
LOSS_TOLERANCE = 1e-4
"""Largest relative difference of a loss."""
WEIGHT_TOLERANCE = 1e-3
"""Largest difference of a weight after the last step."""


def main() -> None:
    """Run the comparisons and print (or write) their table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    rows = [
        compare(args, per, shortest) for shortest in (1.0, 0.5) for per in ("batch", "utterance")
    ]
    text = report(args, rows)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_clips", type=int, default=8)
    parser.add_argument("--num_frames", type=int, default=75, help="of the longest clip, at 25 Hz")
    parser.add_argument("--width", type=int, default=16, help="of the visual ResNet")
    parser.add_argument("--size", type=int, default=256, help="of the transformer")
    parser.add_argument("--num_layers", type=int, default=4, help="of the transformer")
    parser.add_argument("--drop_prob", type=float, default=0.5)
    parser.add_argument("--audio_given_drop", type=float, default=0.5)
    parser.add_argument("--steps", type=int, default=16, help="timed steps of each kind")
    parser.add_argument("--warm_up", type=int, default=2)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def make_model(args: argparse.Namespace, per: str) -> AVHubertModel:
    """AV-HuBERT with fewer and smaller layers, without dropout and with batch norm frozen.

    Batch norm in training would see the padding in one kind and not in the other.
    """
    torch.manual_seed(SEED)
    conf = {
        "visual_frontend_conf": {"width": args.width},
        "feature_size": args.size,
        "dropout_rate": 0.0,
        "modality_dropout": {
            "drop_prob": args.drop_prob,
            "audio_given_drop": args.audio_given_drop,
            "per": per,
        },
        "encoder_conf": {
            "num_layers": args.num_layers,
            "attention_heads": 4,
            "linear_units": 4 * args.size,
            "dropout_rate": 0.0,
            "attention_dropout_rate": 0.0,
            "layerdrop": 0.0,
        },
    }
    model = AVHubertModel.from_config(build(AVHubertConfig, conf), Sizes(units=NUM_UNITS))
    model = model.to(args.device).train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    return model


def make_batch(args: argparse.Namespace, shortest: float) -> dict[str, Tensor]:
    """Noise; clip lengths go evenly from `shortest` times the longest to the longest."""
    generator = torch.Generator().manual_seed(SEED)
    num, frames = args.num_clips, args.num_frames
    lengths = torch.linspace(shortest * frames, frames, num).long()
    shape = (num, frames, 88, 88)
    batch = {
        "speech": torch.randn(num, frames * 640, generator=generator) * 0.1,
        "speech_lengths": lengths * 640,
        "video": torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8),
        "video_lengths": lengths,
        "units": torch.randint(0, NUM_UNITS, (num, frames), generator=generator),
    }
    return {key: value.to(args.device) for key, value in batch.items()}


def our_loss(model: AVHubertModel, batch: dict[str, Tensor], step: int) -> Tensor:
    """The step as the package does it."""
    model.set_step(step, 0, SEED)
    return model(**batch)[0]


def straightforward_loss(model: AVHubertModel, batch: dict[str, Tensor], step: int) -> Tensor:
    """The same loss from all padded frames of both modalities."""
    config, frontend, video = model.config, model.frontend, batch["video"]
    assert isinstance(frontend.visual, ResNetFrontend)
    assert frontend.audio is not None
    assert frontend.fusion is not None
    model.set_step(step, 0, SEED)
    names = ("speech", "speech_lengths", "video", "video_lengths")
    lengths = frontend.read_lengths(*(batch[name] for name in names))
    masks = draw_masks(config, StepNoise((SEED, step, 0), video.device, True), lengths)
    kept = [keep.to(video.device)[:, None, None] for keep in frontend.draw_kept(lengths)]
    inside = torch.arange(video.size(1), device=video.device) < batch["video_lengths"][:, None]
    lips = run_padded_resnet(frontend.visual, fill_clip_by_clip(video, masks), inside)
    sound, _ = frontend.audio(batch["speech"], batch["speech_lengths"])
    filling = frontend.audio.project(model.mask_emb)  # type: ignore[operator, union-attr]
    sound = torch.where(masks.audio.unsqueeze(2), filling, sound)
    streams = [
        scale_gradient(torch.where(inside.unsqueeze(2), stream * keep, 0.0), 0.1)
        for stream, keep in zip((sound, lips), kept, strict=True)
    ]
    penalty = torch.cat(streams, dim=2)[inside].square().mean()
    hidden, _, _ = model.encoder(frontend.fusion(*streams), lengths.frames)
    logits = model.units_head.logits(hidden.flatten(0, 1)).unflatten(0, hidden.shape[:2])
    nats = F.cross_entropy(logits.transpose(1, 2), batch["units"], reduction="none")
    predicted = (masks.audio | masks.video) & inside
    return (nats * predicted).sum() / predicted.sum() + config.features_penalty * penalty


def fill_clip_by_clip(video: Tensor, masks: DrawnMasks) -> Tensor:
    """Masked lips replaced, one clip after the other."""
    clips = [clip[source] for clip, source in zip(video, masks.sources, strict=True)]
    return torch.stack(clips)


def run_padded_resnet(resnet: ResNetFrontend, video: Tensor, inside: Tensor) -> Tensor:
    """The published form: 3-D convolution over padded clips, ResNet on each of their frames."""
    stem, (batch_size, num_frames) = resnet.stem, video.shape[:2]
    pixels = normalise_pixels(video.flatten(0, 1), resnet.image_pool)
    pixels = pixels.unflatten(0, (batch_size, num_frames))
    pixels = torch.where(inside[:, :, None, None], pixels, 0.0)
    # (B, V, H, W) -> (B, 1, V, H, W) -> (B, C, V, H', W') -> (B * V, C, H', W')
    hidden = stem.conv(pixels.unsqueeze(1)).transpose(1, 2).flatten(0, 1)
    hidden = resnet.trunk(stem.pool(stem.act(stem.bn(hidden))))
    return resnet.project(hidden.mean(dim=(2, 3))).unflatten(0, (batch_size, num_frames))


LossOf = Callable[[AVHubertModel, dict[str, Tensor], int], Tensor]


class Run:
    """One model in training.

    Args:
        model: what is trained.
        loss_of: computes the loss of a step.
    """

    def __init__(self, model: AVHubertModel, loss_of: LossOf) -> None:
        self.model, self.loss_of = model, loss_of
        self.optimizer = torch.optim.Adam(model.parameters(), lr=5e-4, betas=(0.9, 0.98), eps=1e-6)
        self.losses: list[float] = []
        self.seconds: list[float] = []

    def step(self, batch: dict[str, Tensor], number: int) -> None:
        """One timed optimiser step."""
        start = clock(batch["video"].device.type)
        loss = self.loss_of(self.model, batch, number)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses.append(loss.item())
        self.seconds.append(clock(batch["video"].device.type) - start)


def compare(args: argparse.Namespace, per: str, shortest: float) -> dict[str, Any]:
    """Times both kinds side by side, and asserts equal losses and weights."""
    model, batch = make_model(args, per), make_batch(args, shortest)
    ours = Run(model, our_loss)
    theirs = Run(copy.deepcopy(model), straightforward_loss)
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
        "per": per,
        "padding": 1.0 - batch["video_lengths"].float().mean().item() / args.num_frames,
        "ours": ours.seconds[args.warm_up :],
        "theirs": theirs.seconds[args.warm_up :],
        "worst": worst,
    }


def report(args: argparse.Namespace, rows: list[dict[str, Any]]) -> str:
    """The results file: machine, command, table, versions."""
    lines = [
        *heading(
            "AV-HuBERT pre-training step: what exists and is kept, against everything",
            args.device,
            args.num_threads,
        ),
        f"{args.num_clips} clips of up to {args.num_frames} frames of 88x88; ResNet-18 of width "
        f"{args.width}, stacked filterbank, {args.num_layers} layers of {args.size}, {NUM_UNITS} "
        f"units, input masks; p_m {args.drop_prob}, p_a {args.audio_given_drop}; batch norm "
        f"frozen; {args.steps} optimiser steps of each kind, alternating. Losses are equal within "
        f"{LOSS_TOLERANCE:g} at every step, weights within {WEIGHT_TOLERANCE:g} after the last. "
        "Times are CPU seconds of the process, wall seconds on a GPU.",
        "",
        "| padded frames | drawn per | ours: mean ms | median | p95 | straightforward: mean ms "
        "| median | p95 | ratio of means | largest relative difference of a loss |",
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        ratio = statistics.mean(row["theirs"]) / statistics.mean(row["ours"])
        lines.append(
            f"| {row['padding']:.0%} | {row['per']} | {mean_spread(row['ours'])} "
            f"| {mean_spread(row['theirs'])} | **{ratio:.2f}** | {row['worst']:.1e} |"
        )
    lines += ["", version_line(), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
