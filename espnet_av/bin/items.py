r"""Items for ABX errors: a data directory with an alignment of phones (ctm) -> item file.

    items data/dev_clean triphone-dev-clean.item --kind triphone

The folder has `ctm` (`<utterance> 1 <start> <duration> <phone>`) and `utt2spk`. A phone becomes an
item if a phone stands on either side, it is not too short or long, and its talker has another
one between the same neighbours; what was left out is counted by reason.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.data.table import parse_ctm, raise_problems, read_table
from espnet_av.errors import DataDirError
from espnet_av.score.abx.alignment import SILENCES, ItemRules, describe, items_of
from espnet_av.score.abx.items import write_items
from espnet_av.score.abx.options import KINDS
from espnet_av.score.abx.page import FEW_CELLS


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("items", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    rules = ItemRules()
    parser.add_argument("--kind", choices=KINDS, default=rules.kind, help="(triphone)")
    parser.add_argument("--min_sec", type=float, default=rules.min_sec, help="of a phone (0.03)")
    parser.add_argument("--max_sec", type=float, default=rules.max_sec, help="of a phone (0.5)")
    parser.add_argument(
        "--min_group", type=int, default=rules.min_group,
        help="items that a talker must have of a phone between the same neighbours (2)",
    )  # fmt: skip
    parser.add_argument(
        "--silences", nargs="+", default=[], metavar="LABEL",
        help=f"labels that are no phones, besides {' '.join(filter(None, SILENCES))}",
    )  # fmt: skip
    parser.add_argument("--strip_stress", action="store_true", help="AH0 becomes AH")
    parser.add_argument("data_dir", type=Path, help="folder with ctm and utt2spk")
    parser.add_argument("item_file", type=Path, help="output")
    return parser


def run(options: argparse.Namespace) -> str:
    """Write the items; what there are, in words.

    Raises:
        DataDirError: the alignment is faulty, or gives no item.
    """
    alignment, problems = parse_ctm(options.data_dir / "ctm")
    raise_problems(problems)
    rules = ItemRules(
        kind=options.kind,
        min_sec=options.min_sec,
        max_sec=options.max_sec,
        min_group=options.min_group,
        silences=(*SILENCES, *options.silences),
        strip_stress=options.strip_stress,
    )
    found, reasons = items_of(alignment, read_table(options.data_dir / "utt2spk"), rules)
    told = ", ".join(f"{count} {reason}" for reason, count in reasons.items()) or "nothing"
    if not found:
        msg = (
            f"{options.data_dir}/ctm: no phone becomes an item (left out: {told}); does it hold "
            "phones, and not words? --min_group 1 keeps those that a talker says once"
        )
        raise DataDirError(msg)
    write_items(options.item_file, found)
    counts = describe(found)
    lines = [", ".join(f"{count} {what}" for what, count in counts.items()), f"left out: {told}"]
    few = [what for what, count in counts.items() if "cells" in what and count < FEW_CELLS]
    lines += [f"WARNING: {counts[what]} {what}, fewer than {FEW_CELLS}" for what in few]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the file and print the counts."""
    options = get_parser().parse_args(arguments)
    with user_errors("items"):
        text = run(options)
    print(f"{options.data_dir} -> {options.item_file}\n{text}")


if __name__ == "__main__":
    main()
