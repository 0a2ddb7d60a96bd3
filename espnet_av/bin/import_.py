"""Cuts of lhotse -> a data dir, with sound and video.

Every supervision becomes an utterance, a stretch of its recording. What a data dir has no place for
(mixtures, sound that is in no file or that lhotse changes as it reads it, one channel of several)
is left out and listed in OUT/dropped.tsv. lhotse itself is not needed.

    import lhotse cuts_train.jsonl.gz data/train
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.exchange.lhotse_import import read_cuts


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("import", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--alignment", default="word", help="what becomes ctm: word (default), phone"
    )
    parser.add_argument(
        "--max_dropped_ratio", type=float, default=0.05, help="share that may be left out (0.05)"
    )
    parser.add_argument("form", choices=["lhotse"], help="what to read")
    parser.add_argument("cuts", type=Path, help="as CutSet.to_file writes them: .jsonl, .jsonl.gz")
    parser.add_argument("out_dir", metavar="OUT", type=Path, help="folder to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the data dir."""
    args = get_parser().parse_args(arguments)
    with user_errors("import"):
        print(read_cuts(args.cuts, args.out_dir, args.alignment, args.max_dropped_ratio))


if __name__ == "__main__":
    main()
