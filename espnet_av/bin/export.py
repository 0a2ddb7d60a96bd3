"""A data dir -> cuts of lhotse, with sound and video.

Each utterance becomes a cut with its recording and one supervision: text, speaker, language, labels
of `ctm` as an alignment; what lhotse has no place for is in its custom fields, where `import` finds
it. lhotse itself is not needed.

    export lhotse data/train cuts_train.jsonl.gz
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.data.data_dir import read_data_dir
from espnet_av.exchange.lhotse_cuts import write_cuts


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("export", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--alignment", default="word", help="what ctm has: word (default), phone")
    parser.add_argument("form", choices=["lhotse"], help="what to write")
    parser.add_argument("data_dir", type=Path, help="before the dump")
    parser.add_argument("cuts", type=Path, help="file to write, .jsonl or .jsonl.gz")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the cuts."""
    args = get_parser().parse_args(arguments)
    with user_errors("export"):
        count = write_cuts(read_data_dir(args.data_dir), args.cuts, args.alignment)
    print(f"{args.data_dir} -> {args.cuts}: {count} cuts")


if __name__ == "__main__":
    main()
