"""What runs in a folder, what failed and why, and when it will be done."""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from espnet_av.command import stage_parser, user_errors
from espnet_av.status.report import report

_EXIT_CODES = """exit status:
  0  all that was started in the folder is done
  1  a job failed, or ended without a word; or the folder holds no logs
  3  nothing failed, and jobs run or wait
"""


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("status", __doc__)
    parser.epilog = _EXIT_CODES
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, help="exp/<tag>, dump/<set>, or a folder of such")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report; returns the exit status."""
    args = get_parser().parse_args(arguments)
    with user_errors("status", logging.WARNING):
        found = report(args.folder, time.time())
    print(found.text)
    return found.exit_code


if __name__ == "__main__":
    sys.exit(main())
