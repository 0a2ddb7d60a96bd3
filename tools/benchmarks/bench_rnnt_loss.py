"""Transducer losses: ours over the whole lattice and within a band, against torchaudio's.

For each size, first asserts equal losses and gradients; then takes time and peak memory of each
loss, forward and backward, in a process of its own, and prints them with their ratios:

    python tools/benchmarks/bench_rnnt_loss.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
import torchaudio
from page import heading, publish, version_line
from timing import clock, p95
from torch import Tensor

from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.loss import build_transducer_loss
from espnet_av.ops.rnnt_lattice import score_lattice
from espnet_av.ops.rnnt_loss import rnnt_loss

SIZES = ("8x250x80x40", "4x200x40x500", "2x750x120x1024", "8x400x80x1000")
"""Utterances x frames x tokens x vocabulary, of the longest; the shortest has 0.8 of that."""
JOINER_SIZES = (*SIZES[:2], "1x375x60x1024")
"""The joiner over the whole lattice takes a core minutes at the larger ones."""
CHANNELS = 512
"""Of encoder, predictor and joiner, where the joiner is in the measurement."""
LOSS_TOLERANCE, GRADIENT_TOLERANCE = 1e-5, 1e-5
"""Relative to the loss; absolute between gradients of ours, which are between -1 and 1."""
PEER_TOLERANCE = 2e-6
"""Of the largest loss, between our gradients and torchaudio's: its lattice is float32, and a
gradient is off by what the last digits of the loss are (5e-4 each where the loss is 6000)."""
PEER = "torchaudio"
COLUMNS = (
    "| B x T x U x V | loss | median ms | p95 ms | times as fast as torchaudio | peak MB | "
    "share of torchaudio's |\n|---|---|--:|--:|--:|--:|--:|"
)
Step = Callable[["Task"], tuple[Tensor, Callable[[], Tensor]]]
"""Draws an input that gets a gradient, and a function that gives losses."""


class Task(NamedTuple):
    """A batch and where it is."""

    shape: tuple[int, int, int, int]
    """Utterances, frames, tokens, vocabulary."""
    device: str
    """Of the logits; lengths stay on the CPU."""

    def lengths(self) -> tuple[Tensor, Tensor]:
        """(B,) frames and (B,) tokens."""
        num_utts, num_frames, num_tokens, _ = self.shape
        return tuple(
            torch.linspace(0.8 * most, most, num_utts).ceil().long()
            for most in (num_frames, num_tokens)
        )

    def targets(self) -> Tensor:
        """(B, U) int64."""
        generator = torch.Generator().manual_seed(1)
        shape = self.shape[0], self.shape[2]
        return torch.randint(1, self.shape[3], shape, generator=generator).to(self.device)

    def draw(self, *shape: int) -> Tensor:
        """Normal numbers, the same in each process."""
        generator = torch.Generator(self.device).manual_seed(2)
        return torch.randn(*shape, generator=generator, device=self.device).requires_grad_()

    def logits(self) -> Tensor:
        """(B, T, U + 1, V) float32."""
        num_utts, num_frames, num_tokens, vocab_size = self.shape
        return self.draw(num_utts, num_frames, num_tokens + 1, vocab_size)


def main() -> None:
    """Run the comparison and print (or write) its tables; or one measurement of it."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    if args.measure:
        task = Task(tuple(map(int, args.sizes[0].split("x"))), args.device)
        print(json.dumps(MEASUREMENTS[args.measure](task, args)))
        return
    tables = [header(args)]
    for title, kinds, sizes in (
        ("Loss of given logits", LOSSES, args.sizes),
        ("Joiner and loss", JOINERS, args.joiner_sizes),
    ):
        tables += ["", f"## {title}", "", COLUMNS]
        for size in sizes:
            tables += rows(size, kinds, args)
    publish("\n".join([*tables, "", version_line(), ""]), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=SIZES, help="BxTxUxV")
    parser.add_argument("--joiner_sizes", nargs="+", default=JOINER_SIZES, help="BxTxUxV")
    parser.add_argument("--repeats", type=int, default=3, help="timed runs of each")
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def of_torchaudio(logits: Tensor, task: Task) -> Tensor:
    """The peer."""
    frames, tokens = (lengths.int().to(task.device) for lengths in task.lengths())
    targets = task.targets().int()
    return torchaudio.functional.rnnt_loss(logits, targets, frames, tokens, 0, reduction="none")


def of_autograd(logits: Tensor, task: Task) -> Tensor:
    """Ours as anyone would write it: log-sum-exp and two gathers, their gradients by autograd."""
    labels = F.pad(task.targets(), (0, 1)).unsqueeze(1).expand(logits.shape[:3])
    normaliser = logits.logsumexp(dim=3)
    emit = logits.gather(3, labels.unsqueeze(3)).squeeze(3) - normaliser
    # (B, T, U + 1) -> (B, U + 1, T)
    emit, blank = emit.transpose(1, 2), (logits[..., 0] - normaliser).transpose(1, 2)
    return -score_lattice(emit[:, :-1], blank, *task.lengths()).log_likelihood


def of_package(logits: Tensor, task: Task) -> Tensor:
    """Ours."""
    return rnnt_loss(logits, task.targets(), *task.lengths())


def of_package_in_place(logits: Tensor, task: Task) -> Tensor:
    """Ours, the gradient written over the logits, as in training."""
    return rnnt_loss(logits, task.targets(), *task.lengths(), overwrite_logits=True)


LOSSES = {
    PEER: of_torchaudio,
    "ours by autograd": of_autograd,
    "ours": of_package,
    "ours in place": of_package_in_place,
}
JOINERS = {PEER: "torchaudio", "ours": "full", "ours, pruned to 5 rows": "pruned"}
"""Row of the table -> name in `TRANSDUCER_LOSSES`."""


def check(task: Task, _: argparse.Namespace) -> None:
    """Raises unless every loss, and its gradient, is that of autograd and the peer's."""
    reference = task.logits()
    expected = of_autograd(reference, task)
    expected.sum().backward()
    for name in [name for name in LOSSES if LOSSES[name] is not of_autograd]:
        logits = task.logits()
        losses = LOSSES[name](logits, task)
        losses.sum().backward()
        error = float((losses / expected - 1.0).detach().abs().max())
        assert error < LOSS_TOLERANCE, f"{name}: losses differ by {error:.1e}"
        # In place: no third tensor of that size.
        error = float(logits.grad.sub_(reference.grad).abs_().max())
        allowed = (
            PEER_TOLERANCE * float(expected.detach().max()) if name == PEER else GRADIENT_TOLERANCE
        )
        assert error < allowed, f"{name}: gradients differ by {error:.1e}"


@torch.no_grad()
def check_pruned(task: Task, _: argparse.Namespace) -> None:
    """Raises unless the pruned loss within the widest band is the whole lattice's."""
    inputs, sizes = joiner_inputs(task), (CHANNELS, CHANNELS, task.shape[3])
    expected = build_transducer_loss("full", {}, *sizes)(*inputs)[0].mean()
    widest = {"prune_range": task.shape[2] + 1}
    _, stats = build_transducer_loss("pruned", widest, *sizes).to(task.device)(*inputs)
    error = float((stats["loss_pruned"].mean / expected - 1.0).abs())
    assert error < LOSS_TOLERANCE, f"pruned: losses differ by {error:.1e}"


def joiner_inputs(task: Task) -> tuple[Any, ...]:
    """What a loss of `TRANSDUCER_LOSSES` is called with."""
    torch.manual_seed(0)
    num_utts, num_frames, num_tokens, vocab_size = task.shape
    joiner = Joiner(CHANNELS, CHANNELS, CHANNELS, vocab_size).to(task.device)
    frames, tokens = task.lengths()
    encoded = task.draw(num_utts, num_frames, CHANNELS)
    predicted = task.draw(num_utts, num_tokens + 1, CHANNELS)
    return joiner, encoded, frames, predicted, task.targets(), tokens


def measure_loss(name: str) -> Callable[..., dict[str, Any]]:
    """Measurement of a loss of given logits."""

    def step(task: Task) -> tuple[Tensor, Callable[[], Tensor]]:
        logits = task.logits()
        return logits, lambda: LOSSES[name](logits, task)

    return lambda task, args: measure(step, task, args)


def measure_joiner(name: str) -> Callable[..., dict[str, Any]]:
    """Measurement of a loss that calls the joiner."""

    def step(task: Task) -> tuple[Tensor, Callable[[], Tensor]]:
        inputs = joiner_inputs(task)
        loss = build_transducer_loss(JOINERS[name], {}, CHANNELS, CHANNELS, task.shape[3])
        loss.to(task.device)
        return inputs[1], lambda: loss(*inputs)[0]

    return lambda task, args: measure(step, task, args)


MEASUREMENTS: dict[str, Callable[..., Any]] = {
    "check loss": check,
    "check joiner": check_pruned,
    **{f"loss: {name}": measure_loss(name) for name in LOSSES},
    **{f"joiner: {name}": measure_joiner(name) for name in JOINERS},
}


def measure(step: Step, task: Task, args: argparse.Namespace) -> dict[str, Any]:
    """Seconds of each run after the first, and peak memory beyond what a tiny run leaves."""
    run(step, Task((2, 3, 2, 5), task.device))  # loads what is loaded once
    start = memory(task.device, peak=False)
    results = [run(step, task) for _ in range(args.repeats + 1)]
    return {
        "seconds": [seconds for seconds, _ in results[1:]],
        "bytes": memory(task.device, peak=True) - start,
        "losses": results[0][1],
    }


def run(step: Step, task: Task) -> tuple[float, list[float]]:
    """Seconds forward and backward, and the losses."""
    inputs, function = step(task)
    start = clock(task.device)
    losses = function()
    losses.sum().backward()
    seconds = clock(task.device) - start
    assert inputs.grad is not None
    return seconds, losses.tolist()


def memory(device: str, peak: bool) -> int:
    """Bytes that this process holds now, or held at most.

    Not `ru_maxrss`: it starts with what the parent held when it started this process.
    """
    if device != "cpu":
        return torch.cuda.max_memory_allocated() if peak else torch.cuda.memory_allocated()
    key = "VmHWM" if peak else "VmRSS"
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(key)))


def in_own_process(measurement: str, size: str, args: argparse.Namespace) -> Any:
    """Runs this script for one measurement."""
    command = [sys.executable, __file__, "--measure", measurement, "--sizes", size]
    for name in ("repeats", "num_threads", "device"):
        command += [f"--{name}", str(getattr(args, name))]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def rows(size: str, kinds: dict[str, Any], args: argparse.Namespace) -> list[str]:
    """The rows of one size, after a check of what they compare."""
    prefix = "loss" if kinds is LOSSES else "joiner"
    in_own_process(f"check {prefix}", size, args)
    found = {name: in_own_process(f"{prefix}: {name}", size, args) for name in kinds}
    assert_same_losses(found)
    lines, peer = [], found[PEER]
    for name, result in found.items():
        seconds, peak = statistics.median(result["seconds"]), result["bytes"]
        lines.append(
            f"| {size.replace('x', ' x ')} | {name} | {1e3 * seconds:.0f} | "
            f"{1e3 * p95(result['seconds']):.0f} | "
            f"**{statistics.median(peer['seconds']) / seconds:.2f}** | {peak / 1e6:.0f} | "
            f"{peak / peer['bytes']:.2f} |"
        )
    return lines


def assert_same_losses(found: dict[str, dict[str, Any]]) -> None:
    """Raises if a loss is not the peer's; the pruned one is another loss."""
    expected = torch.tensor(found[PEER]["losses"])
    for name, result in found.items():
        if "pruned" not in name:
            error = float((torch.tensor(result["losses"]) / expected - 1.0).abs().max())
            assert error < LOSS_TOLERANCE, f"{name}: losses differ by {error:.1e}"


def header(args: argparse.Namespace) -> str:
    """The page up to its tables."""
    return "\n".join(
        [
            *heading("Transducer losses", args.device, args.num_threads),
            f"Forward and backward, float32, {args.repeats} runs; B utterances of T frames and U "
            "tokens (the shortest has 0.8 of both), V tokens in the vocabulary. For each size, "
            f"losses are equal to {LOSS_TOLERANCE:g} of their value; gradients of ours to "
            f"{GRADIENT_TOLERANCE:g}, and to torchaudio's, of a float32 lattice, to "
            f"{PEER_TOLERANCE:g} of the largest loss. Each line is a process of its own; its peak "
            "is what it held beyond its libraries, inputs included. Times are CPU time of the "
            f"process on one thread, else wall. The joiner has {CHANNELS} channels on all sides. "
            "The pruned loss includes the additive joiner; its value is compared with a band as "
            "wide as the lattice.",
        ]
    )


if __name__ == "__main__":
    main()
