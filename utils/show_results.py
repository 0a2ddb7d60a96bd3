#!/usr/bin/env python3
"""Print the RESULTS.md of a scores.json: utils/show_results.py <scores.json>... > RESULTS.md."""

import argparse
import sys
from pathlib import Path

from espnet_av.errors import DataDirError
from espnet_av.score.results import format_results
from espnet_av.text_file import read_json


def main() -> int:
    """Print one page per file."""
    parser = argparse.ArgumentParser(description="scores.json -> RESULTS.md on standard output")
    parser.add_argument("scores", type=Path, nargs="+", help="scores.json, or its folder")
    for path in parser.parse_args().scores:
        path = path / "scores.json" if path.is_dir() else path
        try:
            scores = read_json(path, DataDirError, "run the score stage (11) first, or again")
        except DataDirError as error:
            print(error, file=sys.stderr)
            return 1
        print(format_results(scores), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
