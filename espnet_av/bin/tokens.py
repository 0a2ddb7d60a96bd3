"""Stage 8, tokens: train the tokenizer on transcripts and list the frame labels."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from espnet_av.command import stage_parser, user_errors
from espnet_av.data.balance import SamplingConfig, group_shares
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.target import select_langs, target_texts, text_lang
from espnet_av.data.token_release import read_trained
from espnet_av.data.tokenizer import TokenType, train_tokenizer, write_lines
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.provenance import write_provenance


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("tokens", __doc__)
    parser.add_argument(
        "--token_type",
        choices=get_args(TokenType),
        default="char",
        help="what a token is; default: %(default)s",
    )
    parser.add_argument("--nbpe", type=int, default=1000, help="pieces of unigram and bpe")
    parser.add_argument("--target_lang", help="use text.<this>, the translations, instead of text")
    parser.add_argument("--langs", nargs="+", help="only utterances spoken in these languages")
    parser.add_argument(
        "--temperature",
        type=float,
        default=1.0,
        help="repeat the texts of rare languages, as training with this sampling.temperature does",
    )
    parser.add_argument(
        "--lang_tags", action="store_true", help="put a token <lang> in front of every text"
    )
    parser.add_argument(
        "--also", nargs="+", default=[], help="texts besides, for tokens that no text may have"
    )
    parser.add_argument(
        "--unit_parts", type=int, default=1, help="frame labels a ctm label is cut into, in time"
    )
    parser.add_argument("data_dir", type=Path, help="training set: its text and, if any, its ctm")
    parser.add_argument("token_dir", type=Path, help="gets bpe.model and the lists")
    return parser


def texts_by_lang(data: DataDir, target_lang: str | None) -> dict[str, list[str]]:
    """Texts to train on by their language; `-` where it is not known."""
    texts = target_texts(data, target_lang)
    by_lang: dict[str, list[str]] = {}
    for utt_id in data.utt_ids:
        if utt_id in texts:
            lang = text_lang(data, utt_id, target_lang) or "-"
            by_lang.setdefault(lang, []).append(texts[utt_id])
    return by_lang


def balanced(texts: Mapping[str, Sequence[str]], temperature: float) -> list[str]:
    """All texts, those of rare languages several times; no text is left out."""
    amounts = {lang: sum(map(len, lines)) for lang, lines in texts.items()}
    shares = group_shares(amounts, temperature)
    scale = max(amounts[lang] / shares[lang] for lang in texts)
    chosen: list[str] = []
    for lang, lines in sorted(texts.items()):
        count = round(len(lines) * shares[lang] * scale / amounts[lang])
        chosen += [lines[index % len(lines)] for index in range(count)]
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the token folder of a training set."""
    args = get_parser().parse_args(arguments)
    # Torch: --help does without.
    from espnet_av.data.readers.frame_labels import part_names

    with user_errors("tokens"):
        if (args.token_dir.parent / "config.yaml").is_file():
            msg = (
                f"{args.token_dir}: are the tokens of an experiment; to train with them leave out "
                "stage 8 (--skip_stages 8), else write to another folder"
            )
            raise ConfigError(msg)
        temperature = SamplingConfig(temperature=args.temperature).temperature
        data = select_langs(read_data_dir(args.data_dir), args.langs)
        texts = texts_by_lang(data, args.target_lang)
        if args.lang_tags and "-" in texts:
            msg = f"{args.data_dir}/utt2lang: no such file, but --lang_tags needs it"
            raise DataDirError(msg)
        tags = list(texts) if args.lang_tags else []
        lines = balanced(texts, temperature)
        before, learnt = read_trained(args.token_dir), [*lines, *args.also]
        tokenizer = train_tokenizer(learnt, args.token_dir, args.token_type, args.nbpe, tags)
        words = sorted({word for line in lines for word in line.split()})
        write_lines(args.token_dir / "words.txt", words)
        labels = {segment.label for segments in data.ctm.values() for segment in segments}
        units = [part for label in sorted(labels) for part in part_names(label, args.unit_parts)]
        (args.token_dir / "units.txt").unlink(missing_ok=True)
        if units:
            write_lines(args.token_dir / "units.txt", units)
        write_provenance(args.token_dir)
    print(
        f"{args.data_dir} -> {args.token_dir}: {tokenizer.vocab_size} tokens, "
        f"{len(units)} frame labels"
    )
    if changed := before and before.tell_change(tokenizer.tokens):
        print(f"{args.token_dir}: {changed}")


if __name__ == "__main__":
    main()
