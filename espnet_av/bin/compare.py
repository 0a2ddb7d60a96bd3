"""Compare systems over seeds: their scores.json -> one table with means, spreads and differences.

From the folder that the experiments were run in; a system is a name and one file for each seed:

    compare --system "from scratch" exp/scratch_s*/decode/scores.json \
        --system XLAVS-R exp/xlavsr_s*/decode/scores.json --output results/comparison.md

Differences are to the first system. Runs that differ in more than what is compared are refused; a
condition that one system was not tested in is a dash. With `--paired 1000` differences are tested
over drawn utterances, too, from the decoded folders beside the files.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.command import check_page, stage_parser, user_errors
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.seeds.paired import format_paired
from espnet_av.score.seeds.plot_seed_missing import plot_seed_missing
from espnet_av.score.seeds.plot_seeds import plot_seeds
from espnet_av.score.seeds.runs import System, check_comparable, read_system
from espnet_av.score.seeds.seed_missing import format_missing
from espnet_av.score.seeds.seed_table import format_comparison


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("compare", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--system",
        nargs="+",
        action="append",
        required=True,
        metavar=("NAME", "SCORES"),
        help="name of a row, then the scores.json of its seeds; may be given several times",
    )
    parser.add_argument(
        "--output", type=Path, help="markdown to write, and pictures of the same name beside it"
    )
    parser.add_argument(
        "--paired",
        type=int,
        default=0,
        metavar="DRAWS",
        help="test each difference by drawing utterances so many times, as 1000; 0: do not",
    )
    return parser


def _draw(systems: Sequence[System], output: Path) -> str:
    """Write the pictures beside `output`; the lines that show them."""
    picture = output.with_suffix(".png")
    plot_seeds(systems, picture)
    shown = f"![a dot for each seed]({picture.name})\n"
    missing = output.with_name(f"{output.stem}_missing.png")
    if plot_seed_missing(systems, missing):
        shown += f"\n![missing video, means over seeds]({missing.name})\n"
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; write it and the picture."""
    options = get_parser().parse_args(arguments)
    with user_errors("compare"):
        check_page(options.output)
        systems = [read_system(name, [Path(p) for p in paths]) for name, *paths in options.system]
        check_comparable(systems)
        tables = [format_comparison(systems), format_missing(systems)]
        if options.paired and len(systems) > 1:
            tables.append(format_paired(systems, Resampling(options.paired)))
        text = "\n".join(filter(None, tables))
        if options.output is not None:
            text_with_pictures = f"{text}\n{_draw(systems, options.output)}"
            with atomic_write(options.output) as stream:
                stream.write(text_with_pictures)
    print(text, end="")


if __name__ == "__main__":
    main()
