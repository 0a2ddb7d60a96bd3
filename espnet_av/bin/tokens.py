"""Stage 8, tokens: train the tokenizer on transcripts and list the frame labels."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from espnet_av.command import stage_parser, user_errors
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.frame_labels import part_names
from espnet_av.data.tokenizer import TokenType, train_tokenizer, write_lines
from espnet_av.errors import DataDirError
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
    parser.add_argument(
        "--unit_parts", type=int, default=1, help="frame labels a ctm label is cut into, in time"
    )
    parser.add_argument("data_dir", type=Path, help="training set: its text and, if any, its ctm")
    parser.add_argument("token_dir", type=Path, help="gets bpe.model, tokens.txt and units.txt")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the token folder of a training set."""
    args = get_parser().parse_args(arguments)
    with user_errors("tokens"):
        data = read_data_dir(args.data_dir)
        if "text" not in data.tables:
            msg = f"{args.data_dir}/text: no such file; a tokenizer is trained on transcripts"
            raise DataDirError(msg)
        texts = [data.tables["text"][utt_id] for utt_id in data.utt_ids]
        tokenizer = train_tokenizer(texts, args.token_dir, args.token_type, args.nbpe)
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


if __name__ == "__main__":
    main()
