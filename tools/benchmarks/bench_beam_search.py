"""Joint CTC/attention beam search over many utterances: ours in batches, ESPnet's one by one.

Asserts that both give the same texts and scores, then prints times and their ratio:

    python tools/benchmarks/bench_beam_search.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import logging
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from page import processor, publish, version_line

from espnet_av.compat import CTC, BatchBeamSearch, CTCPrefixScorer, LengthBonus, TransformerDecoder
from espnet_av.provenance import git_hash
from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis

SCORE_TOLERANCE = 1e-3
Found = list[tuple[list[int], float]]


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    logging.getLogger("espnet.nets.beam_search").setLevel(logging.ERROR)
    torch.set_num_threads(args.num_threads)
    model, frames = load(args) if args.exp_dir else build(args)
    config = DecodeConfig(
        beam_size=args.beam_size,
        ctc_weight=args.ctc_weight,
        maxlenratio=args.maxlenratio,
        batch_frames=args.batch_frames,
    )
    ours, our_sec = timed(lambda: search_batched(model, frames, config), args.repeats)
    theirs, their_sec = timed(lambda: search_one_by_one(model, frames, config), args.repeats)
    num_ties = assert_equal(ours, theirs)
    text = report(args, model, frames, our_sec, their_sec, num_ties)
    publish(text, args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, default=100)
    parser.add_argument("--vocab_size", type=int, default=500)
    parser.add_argument("--size", type=int, default=256, help="encoder output size")
    parser.add_argument("--num_blocks", type=int, default=6, help="decoder blocks")
    parser.add_argument("--beam_size", type=int, default=10)
    parser.add_argument("--ctc_weight", type=float, default=0.3)
    parser.add_argument("--maxlenratio", type=float, default=0.25)
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
    ctc = CTC(odim=args.vocab_size, encoder_output_size=args.size)
    decoder = TransformerDecoder(
        args.vocab_size,
        args.size,
        attention_heads=4,
        linear_units=4 * args.size,
        num_blocks=args.num_blocks,
    )
    with torch.no_grad():  # flat random scores would make ties of everything
        ctc.ctc_lo.weight.mul_(4.0)
        decoder.output_layer.weight.mul_(4.0)
    lengths = torch.randint(50, 151, (args.num_utts,)).tolist()
    frames = [torch.randn(length, args.size).to(args.device) for length in lengths]
    end = args.vocab_size - 1
    model = SimpleNamespace(
        ctc=ctc.eval().to(args.device),
        decoder=decoder.eval().to(args.device),
        predictor=None,
        blank_id=0,
        sos=end,
        eos=end,
        vocab_size=args.vocab_size,
    )
    return model, frames


def load(args: argparse.Namespace) -> tuple[Any, list[torch.Tensor]]:
    """A trained model and its encoder frames of the first utterances of a dump."""
    from espnet_av.data.dataset import AVDataset
    from espnet_av.predict.text import encode_batches
    from espnet_av.train.loading import load_experiment

    model, config, _ = load_experiment(args.exp_dir, device=args.device)
    dataset = AVDataset(args.data, None, config.dataset.for_tests(), modalities=args.mode)
    frames = [
        row[:length]
        for _, encoded in encode_batches(model, dataset, args.batch_frames, device=args.device)
        for row, length in zip(encoded.out, encoded.lengths.tolist(), strict=True)
    ]
    return model, frames[: args.num_utts]


def search_batched(model: Any, frames: Sequence[torch.Tensor], config: DecodeConfig) -> Found:
    return [(found.tokens, found.score) for found in best_of_batches(model, frames, config)]


@torch.inference_mode()
def best_of_batches(
    model: Any, frames: Sequence[torch.Tensor], config: DecodeConfig
) -> list[Hypothesis]:
    """The best hypothesis of each utterance, searched in batches of `batch_frames`."""
    order = sorted(range(len(frames)), key=lambda i: len(frames[i]))
    results: dict[int, Hypothesis] = {}
    while order:
        longest = len(frames[order[-1]])
        num_utts = max(1, config.batch_frames // longest)
        batch, order = order[-num_utts:], order[:-num_utts]
        encoded = SimpleNamespace(
            out=torch.nn.utils.rnn.pad_sequence([frames[i] for i in batch], batch_first=True),
            lengths=torch.tensor([len(frames[i]) for i in batch], device=frames[0].device),
        )
        for index, hyps in zip(batch, decode_batch(model, encoded, config), strict=True):
            results[index] = hyps[0]
    return [results[index] for index in range(len(frames))]


@torch.inference_mode()
def search_one_by_one(model: Any, frames: Sequence[torch.Tensor], config: DecodeConfig) -> Found:
    search = BatchBeamSearch(
        scorers={
            "decoder": model.decoder,
            "ctc": CTCPrefixScorer(ctc=model.ctc, eos=model.eos),
            "length_bonus": LengthBonus(model.vocab_size),
        },
        weights={
            "decoder": 1.0 - config.ctc_weight,
            "ctc": config.ctc_weight,
            "length_bonus": config.length_penalty,
        },
        beam_size=config.beam_size,
        vocab_size=model.vocab_size,
        sos=model.sos,
        eos=model.eos,
        pre_beam_score_key="full",
    ).to(frames[0].device)
    results = []
    for utterance in frames:
        best = search(utterance, maxlenratio=config.maxlenratio)[0]
        tokens = best.yseq.tolist()[1:]
        while tokens and tokens[-1] == model.eos:
            tokens.pop()
        results.append((tokens, float(best.score)))
    return results


def timed(function: Callable[[], Found], repeats: int) -> tuple[Found, list[float]]:
    """Result and seconds of each repeat; on a GPU the first, unrecorded one warms up."""
    if torch.cuda.is_available():
        function()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return result, seconds


def assert_equal(ours: Found, theirs: Found) -> int:
    """Same scores everywhere and same texts, but for exact ties; returns how many ties."""
    num_ties = 0
    for index, ((tokens, score), (expected, reference)) in enumerate(
        zip(ours, theirs, strict=True)
    ):
        difference = abs(score - reference)
        assert difference < SCORE_TOLERANCE, f"utterance {index}: {score} against {reference}"
        num_ties += tokens != expected
    assert num_ties <= len(ours) // 100, f"{num_ties} texts differ"
    return num_ties


def report(
    args: argparse.Namespace,
    model: Any,
    frames: Sequence[torch.Tensor],
    our_sec: list[float],
    their_sec: list[float],
    num_ties: int,
) -> str:
    audio_sec = sum(len(f) for f in frames) / 25
    ratio = statistics.median(their_sec) / statistics.median(our_sec)
    options = " ".join(f"--{k} {v}" for k, v in vars(args).items() if v is not None and k != "out")
    rows = [
        f"| {name} | {statistics.median(sec):.2f} | {max(sec):.2f} | "
        f"{statistics.median(sec) / audio_sec:.4f} |"
        for name, sec in (("ESPnet BatchBeamSearch", their_sec), ("this package", our_sec))
    ]
    source = args.exp_dir or "random weights"
    same = "identical" if num_ties == 0 else f"identical but for {num_ties} tie"
    return "\n".join(
        [
            "# Joint CTC/attention beam search",
            "",
            f"All {len(frames)} best texts are {same}; their scores differ by less than "
            f"{SCORE_TOLERANCE:g}.",
            f"**{ratio:.1f} times as fast as ESPnet's search.**",
            "",
            f"| search ({source}) | median s | slowest s | real-time factor |",
            "|---|--:|--:|--:|",
            *rows,
            "",
            f"{len(frames)} utterances, {audio_sec:.0f} s at 25 frames per second; vocabulary "
            f"{model.vocab_size}; {args.repeats} repeats of each.",
            "",
            f"- machine: {processor(args.device)}, {args.num_threads} thread(s)",
            f"- command: `python tools/benchmarks/bench_beam_search.py {options}`",
            f"- git: {git_hash()}",
            f"- versions: {version_line()}",
            "",
        ]
    )


if __name__ == "__main__":
    main()
