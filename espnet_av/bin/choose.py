"""The best of several trainings, as those of a sweep over learning rates, by the validation set.

From the folder that the experiments were run in:

    choose exp/ks_lr0.01 exp/ks_lr0.001 --output exp/ks

The folder gets links to what is in that of the best, and `choice.tsv` with the figures of all; it
is decoded, scored and packed like any other.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("choose", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--output", type=Path, required=True, help="folder that stands for it")
    parser.add_argument("candidates", type=Path, nargs="+", help="folders of finished trainings")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Choose, and print the table."""
    options = get_parser().parse_args(arguments)
    with user_errors("choose"):
        # Torch: --help does without.
        from espnet_av.train.choice import TABLE, choose

        best = choose(options.candidates, options.output)
        print((options.output / TABLE).read_text(encoding="utf-8"), end="")
        print(f"{best} -> {options.output}")


if __name__ == "__main__":
    main()
