"""Beam search with mBART's decoder: ours against Hugging Face's `generate`, in the same batches.

Asserts that both write the same texts, then prints times and their ratio:

    python tools/benchmarks/bench_translation_beam.py --out tools/benchmarks/results/<name>.md
"""

import argparse
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from page import heading, publish, version_line
from timing import clock
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import MBartConfig, MBartForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutput

from espnet_av.models.avsr.mbart import convert_mbart, token_order
from espnet_av.models.conversion.foreign_checkpoint import ForeignCheckpoint
from espnet_av.modules.decoder import build_decoder
from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig

_EOS, _PAD, _TAG = 2, 1, 9
Batches = Sequence[tuple[Tensor, Tensor]]


def main() -> None:
    """Run the comparison and print (or write) its table."""
    args = parse_args()
    torch.set_num_threads(args.num_threads)
    theirs = make_theirs(args)
    ours = make_ours(theirs, args)
    batches = make_batches(args)
    found, our_sec = timed(lambda: search_ours(ours, batches, args), args)
    expected, their_sec = timed(lambda: search_theirs(theirs, batches, args), args)
    differing = [i for i, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
    assert not differing, f"texts differ: {differing}"
    publish(report(args, found, our_sec, their_sec), args.out)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num_utts", type=int, default=100)
    parser.add_argument("--batch_size", type=int, default=20)
    parser.add_argument("--vocab_size", type=int, default=8000)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--num_blocks", type=int, default=6)
    parser.add_argument("--beam_size", type=int, default=5)
    parser.add_argument("--max_tokens", type=int, default=40)
    parser.add_argument("--num_frames", type=int, default=250, help="longest; the shortest a third")
    parser.add_argument("--end_bias", type=float, default=0.4, help="how readily texts end")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--num_threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, help="results file (markdown)")
    return parser.parse_args()


def make_theirs(args: argparse.Namespace) -> MBartForConditionalGeneration:
    """Random weights, large enough that no two texts are nearly as likely."""
    torch.manual_seed(0)
    layers = dict.fromkeys(("decoder_layers", "encoder_layers"), args.num_blocks)
    heads = dict.fromkeys(("decoder_attention_heads", "encoder_attention_heads"), 8)
    units = dict.fromkeys(("decoder_ffn_dim", "encoder_ffn_dim"), 4 * args.size)
    config = MBartConfig(
        vocab_size=args.vocab_size, d_model=args.size, scale_embedding=True,
        activation_function="relu", max_position_embeddings=args.max_tokens + 8,
        **layers, **heads, **units,
    )  # fmt: skip
    model = MBartForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=parameter.size(1) ** -0.5)
            elif name == "model.decoder.layer_norm.bias":
                parameter.normal_(std=0.1)
        end = model.model.decoder.layer_norm.bias
        model.model.shared.weight[_EOS] += args.end_bias * end / end.norm() / 0.1
    options = {"forced_eos_token_id": None, "decoder_start_token_id": _EOS}
    model.generation_config.update(**options, eos_token_id=_EOS, pad_token_id=_PAD)
    return model.to(args.device)


def make_ours(theirs: MBartForConditionalGeneration, args: argparse.Namespace) -> Any:
    """The same decoder, by our converter."""
    weights = {name: value.detach().cpu() for name, value in theirs.state_dict().items()}
    converted = convert_mbart(
        ForeignCheckpoint(Path("theirs"), "hf", weights, theirs.config.to_dict())
    )
    decoder = build_decoder("fairseq_transformer", converted.num_tokens, args.size, converted.conf)
    decoder.load_state_dict({k.partition(".")[2]: v for k, v in converted.weights.items()})
    ends = args.vocab_size - 1
    return SimpleNamespace(
        decoder=decoder.eval().to(args.device), ctc=None, predictor=None, sos=ends, eos=ends
    )


def make_batches(args: argparse.Namespace) -> Batches:
    """Padded frames and lengths, sorted by length."""
    generator = torch.Generator().manual_seed(1)
    least = max(1, args.num_frames // 3)
    lengths = torch.randint(least, args.num_frames + 1, (args.num_utts,), generator=generator)
    frames = [
        torch.randn(length, args.size, generator=generator)
        for length in sorted(lengths.tolist(), reverse=True)
    ]
    parts = [frames[i : i + args.batch_size] for i in range(0, len(frames), args.batch_size)]
    return [
        (
            pad_sequence(part, batch_first=True).to(args.device),
            torch.tensor([len(row) for row in part], device=args.device),
        )
        for part in parts
    ]


def search_ours(model: Any, batches: Batches, args: argparse.Namespace) -> list[list[int]]:
    """Texts in their numbers."""
    order = token_order(args.vocab_size)
    config = DecodeConfig(
        method="attention", beam_size=args.beam_size, length_penalty=1.0,
        maxlenratio=-args.max_tokens,
    )  # fmt: skip
    tag, texts = order.index(_TAG), []
    for memory, lengths in batches:
        encoded = SimpleNamespace(out=memory, lengths=lengths)
        for found in decode_batch(model, encoded, config, given=[[tag]] * len(memory)):
            texts.append([order[token] for token in found[0].tokens])
    return texts


@torch.inference_mode()
def search_theirs(model: Any, batches: Batches, args: argparse.Namespace) -> list[list[int]]:
    """Texts without start and end."""
    texts = []
    for memory, lengths in batches:
        mask = torch.arange(memory.size(1), device=memory.device) < lengths.unsqueeze(1)
        rows = model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=memory), attention_mask=mask.long(),
            decoder_input_ids=torch.tensor([[_EOS, _TAG]] * len(memory), device=memory.device),
            num_beams=args.beam_size, max_length=2 + args.max_tokens, do_sample=False,
            length_penalty=1.0, early_stopping=False,
        )  # fmt: skip
        for row in rows.tolist():
            text = row[1:]
            texts.append(text[: text.index(_EOS)] if _EOS in text else text)
    return texts


def timed(
    function: Callable[[], list[list[int]]], args: argparse.Namespace
) -> tuple[list[list[int]], list[float]]:
    """Result and seconds of each repeat; the first, unrecorded one warms up."""
    result, seconds = function(), []
    for _ in range(args.repeats):
        start = clock(args.device)
        result = function()
        seconds.append(clock(args.device) - start)
    return result, seconds


def report(
    args: argparse.Namespace, texts: Sequence[Sequence[int]], ours: list[float], theirs: list[float]
) -> str:
    """The page."""
    lengths = [len(text) for text in texts]
    title = "Beam search of mBART's decoder against Hugging Face's generate"
    lines = [
        *heading(title, args.device, args.num_threads),
        f"{args.num_utts} utterances of {args.num_frames // 3} to {args.num_frames} frames in "
        f"batches of {args.batch_size}, beam {args.beam_size}, {args.num_blocks} blocks of "
        f"{args.size}, {args.vocab_size} tokens, at most {args.max_tokens} a text; random weights. "
        f"All texts are equal; they have {min(lengths)} to {max(lengths)} tokens, "
        f"{statistics.mean(lengths):.1f} on average.",
        "",
        "| search | median s | utterances/s |",
        "|---|--:|--:|",
    ]
    for name, seconds in (("generate", theirs), ("ours", ours)):
        median = statistics.median(seconds)
        lines.append(f"| {name} | {median:.2f} | {args.num_utts / median:.1f} |")
    ratio = statistics.median(theirs) / statistics.median(ours)
    lines += ["", f"Ratio of medians: **{ratio:.2f}**.", "", version_line()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
