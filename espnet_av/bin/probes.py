"""Frozen models side by side, by heads of SUPERB's tasks on them: scores.json of each -> table.

From the folder that the experiments were run in; a system is its task, its model, and one file for
each seed. A change is from one model to others, given as its title and all of them:

    probes --system KS "MAE+CLR" exp/ks_both/decode/scores.json \
        --system KS "MAE+CLR, en-de" exp/ks_both_de/decode/scores.json ... \
        --change "mid-training" "MAE+CLR" "MAE+CLR, en-de" --output results/superb.md
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.atomic import atomic_write
from espnet_av.command import check_page, stage_parser, user_errors
from espnet_av.errors import ConfigError
from espnet_av.score.cells import read_cells
from espnet_av.score.probes.page import format_panel
from espnet_av.score.probes.panel import Change, Panel, check_changes, read_panel
from espnet_av.score.probes.plot_panel import plot_changes, plot_panel
from espnet_av.score.published.expected import read_expected


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("probes", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--system", nargs="+", action="append", required=True, metavar=("TASK", "MODEL"),
        help="task, model, then scores.json of its seeds; given several times",
    )  # fmt: skip
    parser.add_argument(
        "--change", nargs="+", action="append", default=[], metavar=("TITLE", "MODEL"),
        help="title, the model before, those after; given several times",
    )  # fmt: skip
    parser.add_argument("--expected", type=Path, help="what is published: its `improvements`")
    parser.add_argument(
        "--output", type=Path, help="markdown to write, and pictures of the same name beside it"
    )
    return parser


def run(options: argparse.Namespace) -> str:
    """Read, write, draw; the page.

    Raises:
        ConfigError: systems do not belong together, or a change is between others.
        DataDirError: scores are missing or broken.
    """
    check_page(options.output)
    cells = read_cells(options.system, "task", "model")
    for words in options.change:
        if len(words) < 3:
            msg = f"--change {' '.join(words)}: expected a title, the model before, those after"
            raise ConfigError(msg)
    changes = [Change(title, before, tuple(after)) for title, before, *after in options.change]
    panel = read_panel(cells)
    check_changes(panel, changes)
    said = read_expected(options.expected).improvements if options.expected else []
    text = format_panel(panel, changes, said)
    if options.output is not None:
        with atomic_write(options.output) as stream:
            stream.write(f"{text}\n{_draw(panel, changes, options.output)}")
    return text


def _draw(panel: Panel, changes: Sequence[Change], output: Path) -> str:
    """Write the pictures beside the page; the lines that show them."""
    picture = output.with_suffix(".png")
    plot_panel(panel, picture)
    shown = f"![heads on frozen models]({picture.name})\n"
    if changes:
        picture = output.with_name(f"{output.stem}_changes.png")
        plot_changes(panel, changes, picture)
        shown += f"\n![relative improvement]({picture.name})\n"
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table; write it and the pictures."""
    options = get_parser().parse_args(arguments)
    with user_errors("probes"):
        text = run(options)
    print(text, end="")


if __name__ == "__main__":
    main()
