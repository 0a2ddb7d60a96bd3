"""Lay out published tables with the scores of a recipe: expected_scores.yaml + scores.json."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.score.published.averages import check_averages, find_conflicts, num_repeated
from espnet_av.score.published.expected import Expected, read_expected
from espnet_av.score.published.measured import read_measured
from espnet_av.score.published.paper_table import Block, direction, lay_out
from espnet_av.score.report import SCORES
from espnet_av.score.results import format_block
from espnet_av.score.scorers import metric_of
from espnet_av.score.text_table import format_plain


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("tables", __doc__)
    parser.add_argument(
        "--scores",
        type=Path,
        nargs="+",
        help=f"{SCORES} of the experiments to show; default: all below the recipe's exp/",
    )
    parser.add_argument(
        "--paper_only", action="store_true", help="the published figures alone, averages recomputed"
    )
    parser.add_argument("--numbers", nargs="+", default=[], help="tables to show, as in 2 3")
    parser.add_argument("--markdown", action="store_true", help="for a RESULTS.md")
    parser.add_argument("recipe", type=Path, help="recipe folder, or its expected_scores.yaml")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, then whether the published averages are right."""
    options = get_parser().parse_args(arguments)
    with user_errors("tables"):
        path: Path = options.recipe
        if path.is_dir():
            path = path / "expected_scores.yaml"
        expected = read_expected(path)
        _check_numbers(expected, options.numbers, path)
        measured = None
        if not options.paper_only:
            found = options.scores or sorted(path.parent.glob(f"exp/*/*/{SCORES}"))
            measured = read_measured(expected, found)
        blocks = lay_out(expected, measured, numbers=options.numbers)
    for block in blocks:
        print(format_block(block) if options.markdown else _plain(block), end="\n\n")
    if measured is not None:
        print(direction(metric_of(expected.scoring.metric)))
    print("\n".join(_verdict(expected)))


def _plain(block: Block) -> str:
    return "\n".join([block.heading, format_plain(block.rows, block.left), *block.notes])


def _check_numbers(expected: Expected, numbers: Sequence[str], path: Path) -> None:
    valid = [table.number for table in expected.tables]
    if not valid:
        msg = f"{path}: no published tables in it"
        raise ConfigError(msg)
    for number in numbers:
        if number not in valid:
            raise ConfigError(unknown_key_message(number, valid, "--numbers"))


def _verdict(expected: Expected) -> list[str]:
    """What recomputing says about the published figures."""
    checks = check_averages(expected)
    wrong = [check for check in checks if not check.agrees]
    same = sum(round(check.recomputed + 1e-9, 1) == check.printed for check in checks)
    errata = [f"table {table.number}" for table in expected.tables for _ in table.errata]
    conflicts = find_conflicts(expected)
    lines = [
        f"Misprinted cells, corrected and marked with *: {len(errata)}"
        + (f" ({', '.join(errata)})." if errata else ".")
    ]
    if checks:
        lines.append(
            f"Averages recomputed: {len(checks)}; {same} are the same to the printed digit, "
            f"{len(checks) - same - len(wrong)} differ by 0.1 at most (rounding), "
            f"{len(wrong)} by more."
        )
    lines += [
        f"  table {check.table}, {check.row}: printed {check.printed:g}, "
        f"recomputed {check.recomputed:.2f}"
        for check in wrong
    ]
    lines += _statements(expected)
    lines.append(
        f"Scores that several rows give: {num_repeated(expected)}; {len(conflicts)} differ."
    )
    return lines + [f"  {conflict}" for conflict in conflicts]


def _statements(expected: Expected) -> list[str]:
    """What the text says of the tables, and whether they say so, too."""
    checks = expected.check_statements()
    if not checks:
        return []
    wrong = [check for check in checks if not check.agrees]
    lines = [f"Figures of the text recomputed: {len(checks)}; {len(wrong)} differ."]
    for check in wrong:
        said = check.statement
        line = f"  {said.about}: printed {said.printed:g}, recomputed {check.recomputed:.2f}"
        lines.append(f"{line}; {said.note}" if said.note else line)
    return lines


if __name__ == "__main__":
    main()
