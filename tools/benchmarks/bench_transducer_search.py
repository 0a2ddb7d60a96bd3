"""Transducer searches over many utterances: ours in batches, ESPnet's one by one.

Asserts that both give the same texts and scores, then prints times and their ratio:

    python tools/benchmarks/bench_transducer_search.py --out tools/benchmarks/results/<name>.md

ESPnet's greedy search takes one token a frame, and so do both of ours here. Its beam search of the
same texts and scores is `tsd`, see `test/parity/test_transducer_search_espnet.py`; the second
evaluation of the joint network that it would do at each frame is spared it.
"""

import argparse
import math
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from bench_beam_search import Found, assert_equal, best_of_batches, load
from espnet_transducer import greedy_search, one_token_search
from page import heading, publish, version_line
from timing import clock

from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.predictor import build_predictor
from espnet_av.search.decode_config import DecodeConfig


def main() -> None:
    """Run the comparisons and print (or write) their table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    model, frames = load(args) if args.exp_dir else build(args)
    rows = [compare(args, model, frames, method) for method in ("greedy", "beam")]
    publish(report(args, model, frames, rows), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, default=100)
    parser.add_argument("--vocab_size", type=int, default=500)
    parser.add_argument("--size", type=int, default=256, help="encoder output size")
    parser.add_argument("--hidden_size", type=int, default=512, help="of the LSTM predictor")
    parser.add_argument("--joint_size", type=int, default=512)
    parser.add_argument("--token_rate", type=float, default=0.2, help="tokens a frame, roughly")
    parser.add_argument("--beam_size", type=int, default=8)
    parser.add_argument("--batch_frames", type=int, default=2000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--exp_dir", help="a trained model instead of random weights")
    parser.add_argument("--data", help="dump of a test set, with --exp_dir")
    parser.add_argument("--mode", default="AV", choices=["A", "V", "AV"])
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def build(args: argparse.Namespace) -> tuple[Any, list[torch.Tensor]]:
    """Random weights and random encoder frames of 2 to 6 seconds."""
    torch.manual_seed(0)
    predictor = build_predictor("lstm", {"hidden_size": args.hidden_size}, args.vocab_size)
    joiner = Joiner(args.size, args.hidden_size, args.joint_size, args.vocab_size)
    lengths = torch.randint(50, 151, (args.num_utts,)).tolist()
    frames = [torch.randn(length, args.size) for length in lengths]
    with torch.no_grad():  # flat random scores would make ties of everything
        joiner.lin_out.weight.mul_(6.0)
        logits = joiner(joiner.project_encoder(torch.cat(frames)), torch.zeros(args.joint_size))
        margin = logits[:, 1:].amax(dim=1) - logits[:, 0]
        joiner.lin_out.bias[0] += margin.quantile(1.0 - args.token_rate)
    model = SimpleNamespace(
        predictor=predictor.eval().to(args.device),
        joiner=joiner.eval().to(args.device),
        ctc=None,
        decoder=None,
        blank_id=0,
        vocab_size=args.vocab_size,
    )
    return model, [utterance.to(args.device) for utterance in frames]


def compare(
    args: argparse.Namespace, model: Any, frames: Sequence[torch.Tensor], method: str
) -> str:
    """Search everything with both; one line of the table."""
    if method == "greedy":
        config = DecodeConfig(
            method="transducer_greedy", max_symbols=1, batch_frames=args.batch_frames
        )
        search = greedy_search(model)
    else:
        config = DecodeConfig(
            method="transducer_beam",
            beam_size=args.beam_size,
            length_norm=False,
            batch_frames=args.batch_frames,
        )
        search = one_token_search(model, args.beam_size, score_norm=False)
    theirs, their_sec = timed(lambda: search_one_by_one(search, frames), args)
    ours, our_sec = timed(lambda: search_batched(model, frames, config), args)
    num_ties = assert_equal(ours, theirs)
    num_tokens = sum(len(tokens) for tokens, _ in ours)
    audio_sec = sum(map(len, frames)) / 25
    return (
        f"| {method} | {num_tokens} | {num_ties} | {their_sec:.2f} | {our_sec:.2f} | "
        f"**{their_sec / our_sec:.1f}** | {our_sec / audio_sec:.5f} |"
    )


@torch.inference_mode()
def search_one_by_one(search: Any, frames: Sequence[torch.Tensor]) -> Found:
    best = [search(utterance)[0] for utterance in frames]
    return [(hypothesis.yseq[1:], float(hypothesis.score)) for hypothesis in best]


def search_batched(model: Any, frames: Sequence[torch.Tensor], config: DecodeConfig) -> Found:
    best = best_of_batches(model, frames, config)
    if config.method == "transducer_beam":
        return [(found.tokens, found.score) for found in best]
    # ESPnet's greedy score leaves out the blanks.
    return [(h.tokens, math.fsum(map(math.log, h.probabilities or []))) for h in best]


def timed(function: Callable[[], Found], args: argparse.Namespace) -> tuple[Found, float]:
    """Result and median seconds; the first, unrecorded run warms up."""
    result = function()
    seconds = []
    for _ in range(args.repeats):
        start = clock(args.device)
        function()
        seconds.append(clock(args.device) - start)
    return result, statistics.median(seconds)


def report(
    args: argparse.Namespace, model: Any, frames: Sequence[torch.Tensor], rows: list[str]
) -> str:
    return "\n".join(
        [
            *heading("Transducer search", args.device, args.num_threads),
            "Best texts and scores are ESPnet's, but for exact ties.",
            "",
            "| search | tokens | ties | ESPnet, s | this package, s | ratio | real-time factor |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *rows,
            "",
            f"{len(frames)} utterances ({args.exp_dir or 'random weights'}), "
            f"{sum(map(len, frames)) / 25:.0f} s at 25 frames per second; vocabulary "
            f"{model.vocab_size}; beam {args.beam_size}; median of {args.repeats} repeats, after "
            "one that warms up.",
            "",
            f"Versions: {version_line()}",
            "",
        ]
    )


if __name__ == "__main__":
    main()
