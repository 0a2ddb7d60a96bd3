#!/usr/bin/env python3
"""Shuffle lines, always in the same way for one seed: shuffle_list.pl [--srand n] [in] > out."""

import argparse
import random
import sys

from text_lines import read_lines


def main() -> None:
    """Shuffle standard input or a file to standard output."""
    parser = argparse.ArgumentParser(prog="shuffle_list.pl", description=__doc__)
    parser.add_argument("--srand", type=int, default=777, help="seed")
    parser.add_argument("input", nargs="?", default="-")
    args = parser.parse_args()
    lines = read_lines(args.input)
    random.Random(args.srand).shuffle(lines)
    sys.stdout.writelines(lines)


if __name__ == "__main__":
    main()
