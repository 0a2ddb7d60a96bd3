"""A training step of translation with adapters: parts that are frozen against all that learns.

The frozen step is what `freeze_param` and `keep_param` of the recipe `covost2/st1` make of its
model: the adapters of the encoder, layer norms and cross attention of the decoder learn. The other
step has gradients and optimiser moments of every weight. Sizes are in the recipe's proportion: a
third of the weights are embeddings. Asserts equal losses of the first step, and that what is frozen
has not changed at the end, then prints times, memory and ratios:

    python tools/benchmarks/bench_frozen_step.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from page import heading, publish, version_line
from timing import clock
from torch import Tensor

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.rates import SAMPLES_PER_FRAME
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts

RECIPE = Path(__file__).parents[2] / "egs2/covost2/st1/conf/train_st_adapters.yaml"
HEADS = 8
TOLERANCE = 1e-4
"""Largest relative difference of the first losses."""


@dataclass(frozen=True)
class Measured:
    """Steps of one kind."""

    seconds: list[float]
    held: int
    """Bytes that autograd keeps for the backward pass, at the largest step."""
    own: int
    """Bytes of gradients and of the optimiser's moments."""
    num_learning: int
    first_loss: float


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    everything = measure(args, is_frozen=False)
    frozen = measure(args, is_frozen=True)
    difference = abs(everything.first_loss - frozen.first_loss) / abs(everything.first_loss)
    assert difference <= TOLERANCE, f"first losses differ by {difference:.1e}"
    publish(report(args, everything, frozen), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, default=4)
    parser.add_argument("--num_frames", type=int, default=100, help="of each, at 25 Hz")
    parser.add_argument("--num_tokens", type=int, default=24, help="of each text")
    parser.add_argument("--vocab_size", type=int, default=32000)
    parser.add_argument("--size", type=int, default=256, help="of encoder and decoder")
    parser.add_argument(
        "--num_blocks", type=int, default=6, help="of the decoder; the encoder has twice as many"
    )
    parser.add_argument(
        "--channels", type=int, default=128, help="of the convolutions; 512 in full"
    )
    parser.add_argument("--steps", type=int, default=5, help="timed steps of each kind")
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def make_model(args: argparse.Namespace, config: TrainConfig) -> Any:
    """The recipe's model in proportion: as deep or half as deep, narrow, without dropout."""
    torch.manual_seed(0)
    config_class, model_class = MODELS[config.model]
    conf = dict(config.model_conf)
    scaled = {"attention_heads": HEADS, "linear_units": 4 * args.size}
    encoder = {**conf["encoder_conf"], **scaled, "adapter_size": args.size // 4}
    encoder |= {"num_layers": 2 * args.num_blocks, "pos_conv_groups": HEADS}
    decoder = {**conf["decoder_conf"], **scaled, "size": args.size, "dropout_rate": 0.0}
    conf |= {
        "feature_size": args.size,
        "feature_mask": None,
        "audio_frontend_conf": {**conf["audio_frontend_conf"], "channels": args.channels},
        "encoder_conf": encoder,
        "decoder_conf": {**decoder, "num_blocks": args.num_blocks},
    }
    sizes = Sizes(vocab=args.vocab_size)
    return model_class.from_config(build(config_class, conf, "model_conf"), sizes).train()


def make_batch(args: argparse.Namespace) -> dict[str, Tensor]:
    """Noise with random texts."""
    generator = torch.Generator().manual_seed(1)
    num_samples = args.num_frames * SAMPLES_PER_FRAME
    shape = (args.num_utts, args.num_tokens)
    return {
        "speech": torch.randn(args.num_utts, num_samples, generator=generator).to(args.device),
        "speech_lengths": torch.full((args.num_utts,), num_samples),
        "text": torch.randint(1, args.vocab_size - 1, shape, generator=generator).to(args.device),
        "text_lengths": torch.full((args.num_utts,), args.num_tokens),
    }


def measure(args: argparse.Namespace, *, is_frozen: bool) -> Measured:
    """Time of steps, and what they hold; the first, unrecorded one warms up."""
    config = load_config(TrainConfig, RECIPE)
    model = make_model(args, config).to(args.device)
    parts = FrozenParts(model, config.freeze_param, config.keep_param) if is_frozen else None
    before = {name: value.clone() for name, value in model.state_dict().items()}
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.Adam(learning, lr=1e-4)
    batch, seconds, losses, held = make_batch(args), [], [], 0
    for step in range(1 + args.steps):
        model.set_step(step)
        if step == 1:
            held = kept_bytes(model, batch)
        start = clock(args.device)
        loss = model(**batch)[0]
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(clock(args.device) - start)
        losses.append(loss.item())
    if parts is not None:
        after = model.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in parts.names), "changed"
    num_learning = sum(parameter.numel() for parameter in learning)
    return Measured(seconds[1:], held, 3 * 4 * num_learning, num_learning, losses[0])


def kept_bytes(model: Any, batch: dict[str, Tensor]) -> int:
    """Bytes of different storages, besides weights, that autograd keeps of a forward pass."""
    own = {value.untyped_storage().data_ptr() for value in model.state_dict().values()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        loss = model(**batch)[0]
    del loss
    return sum(kept.values())


def report(args: argparse.Namespace, everything: Measured, frozen: Measured) -> str:
    """The page."""
    num_parameters = everything.num_learning
    lines = [
        *heading("Training step: frozen parts against all", args.device, args.num_threads),
        f"{args.num_utts} utterances of {args.num_frames / 25:g} s with {args.num_tokens} tokens; "
        f"{num_parameters / 1e6:.1f} M parameters: encoder of {2 * args.num_blocks} layers with "
        f"adapters, decoder of {args.num_blocks}, {args.size} wide, {args.vocab_size} tokens. "
        "Adapters, layer norms and cross attention of the decoder learn. First losses are equal; "
        "what is frozen has the same bytes at the end.",
        "",
        "| step | learning M | median s | kept for the backward pass MB | gradients, moments MB |",
        "|---|--:|--:|--:|--:|",
    ]
    rows = (("all learn", everything), ("frozen", frozen))
    for name, found in rows:
        lines.append(
            f"| {name} | {found.num_learning / 1e6:.1f} | {statistics.median(found.seconds):.2f} | "
            f"{found.held / 1e6:.0f} | {found.own / 1e6:.0f} |"
        )
    ratio = statistics.median(everything.seconds) / statistics.median(frozen.seconds)
    memory = (frozen.held + frozen.own) / (everything.held + everything.own)
    lines += [
        "",
        f"Ratio of medians: **{ratio:.2f}**; memory besides the weights: **{memory:.2f}** of it.",
        "",
        version_line(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
