#!/usr/bin/env python3
"""Keep the lines whose id is listed: filter_scp.pl [--exclude] [-f n] id_list [in] > out.

The id is field n (from 1, default 1) of a line and the first field of the list.
"""

import argparse
import sys

from text_lines import read_lines


def main() -> None:
    """Filter standard input or a file to standard output."""
    parser = argparse.ArgumentParser(prog="filter_scp.pl", description=__doc__)
    parser.add_argument("--exclude", action="store_true", help="keep the lines not listed")
    parser.add_argument("-f", type=int, default=1, metavar="FIELD")
    parser.add_argument("id_list")
    parser.add_argument("input", nargs="?", default="-")
    args = parser.parse_args()
    if args.f < 1:
        parser.error("fields count from 1")
    listed = {line.split()[0] for line in read_lines(args.id_list) if line.split()}
    for number, line in enumerate(read_lines(args.input), 1):
        fields = line.split()
        if len(fields) < args.f:
            sys.exit(
                f"filter_scp.pl: {args.input}:{number}: no field {args.f} in '{line.rstrip()}'"
            )
        if (fields[args.f - 1] in listed) != args.exclude:
            sys.stdout.write(line)


if __name__ == "__main__":
    main()
