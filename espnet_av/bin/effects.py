"""What two choices are worth that were crossed: scores.json of every pair -> table and averages.

From the folder that the experiments were run in; a system is its row, its column, and one file for
each seed. Rows and columns that come first are what the others are compared with:

    effects --of pre-training mid-training --system none none exp/asr_none_s*/decode/scores.json \
        --system none en-de exp/asr_none_de_s*/decode/scores.json --system MAE none ... \
        --output results/multistage.md
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.command import check_page, stage_parser, user_errors
from espnet_av.score.cells import read_cells
from espnet_av.score.effects.crossing import read_crossing
from espnet_av.score.effects.page import format_effects


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("effects", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--system", nargs="+", action="append", required=True, metavar=("ROW", "COLUMN"),
        help="row, column, then scores.json of its seeds; given several times",
    )  # fmt: skip
    parser.add_argument(
        "--of", nargs=2, required=True, metavar=("ROWS", "COLUMNS"), help="what the choices are"
    )
    parser.add_argument("--output", type=Path, help="markdown to write")
    return parser


def run(options: argparse.Namespace) -> str:
    """Read and compare; the page.

    Raises:
        ConfigError: systems do not belong together.
        DataDirError: scores are missing or broken.
    """
    check_page(options.output)
    cells = read_cells(options.system, "row", "column")
    rows, columns = options.of
    text = format_effects(read_crossing(cells), (rows, columns))
    if options.output is not None:
        with atomic_write(options.output) as stream:
            stream.write(text)
    return text


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the page, and write it."""
    options = get_parser().parse_args(arguments)
    with user_errors("effects"):
        text = run(options)
    print(text, end="")


if __name__ == "__main__":
    main()
