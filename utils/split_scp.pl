#!/usr/bin/env python3
"""Split a list evenly: split_scp.pl [--one-based] [-j n i] [--utt2spk=file] in out...

With -j only part i of n is written (to the one output, or to standard output). With --utt2spk no
speaker is in two parts. An empty part is an error, as in Kaldi.
"""

import argparse
import sys
from pathlib import Path

from text_lines import read_lines


def split_evenly(lines: list[str], num_parts: int) -> list[list[str]]:
    """Consecutive parts whose sizes differ by one at most, larger ones first."""
    size, larger = divmod(len(lines), num_parts)
    parts, start = [], 0
    for index in range(num_parts):
        end = start + size + (index < larger)
        parts.append(lines[start:end])
        start = end
    return parts


def split_by_speaker(lines: list[str], utt2spk: dict[str, str], num_parts: int) -> list[list[str]]:
    """Consecutive parts of about equal size that share no speaker."""
    groups: dict[str, list[str]] = {}
    for line in lines:
        utt_id = line.split()[0]
        if utt_id not in utt2spk:
            sys.exit(f"split_scp.pl: {utt_id} is not in the --utt2spk file")
        groups.setdefault(utt2spk[utt_id], []).append(line)
    parts: list[list[str]] = [[] for _ in range(num_parts)]
    index, written = 0, 0
    for number, group in enumerate(groups.values()):
        left = len(groups) - number
        full = written >= len(lines) * (index + 1) / num_parts
        if parts[index] and index < num_parts - 1 and (full or left <= num_parts - 1 - index):
            index += 1
        parts[index] += group
        written += len(group)
    return parts


def main() -> None:
    """Read the list, write the parts."""
    parser = argparse.ArgumentParser(prog="split_scp.pl", description=__doc__)
    parser.add_argument("--one-based", action="store_true", help="-j counts from 1, not from 0")
    parser.add_argument("-j", nargs=2, type=int, metavar=("NUM_PARTS", "PART"))
    parser.add_argument("--utt2spk")
    parser.add_argument("input")
    parser.add_argument("outputs", nargs="*")
    args = parser.parse_args()
    lines = read_lines(args.input)
    if args.j is None and not args.outputs:
        parser.error("no output file")
    num_parts = args.j[0] if args.j else len(args.outputs)
    if num_parts < 1:
        parser.error("the number of parts must be at least 1")
    if args.utt2spk:
        rows = (line.split() for line in read_lines(args.utt2spk))
        parts = split_by_speaker(lines, {row[0]: row[1] for row in rows}, num_parts)
    else:
        parts = split_evenly(lines, num_parts)
    if not all(parts):
        what = "speakers" if args.utt2spk else "lines"
        sys.exit(f"split_scp.pl: {args.input} has too few {what} for {num_parts} parts; lower nj")
    if args.j:
        part = args.j[1] - args.one_based
        if not 0 <= part < num_parts:
            parser.error(f"part {args.j[1]} of {num_parts} does not exist")
        parts = [parts[part]]
    for part_lines, output in zip(parts, args.outputs or ["-"], strict=True):
        if output == "-":
            sys.stdout.writelines(part_lines)
        else:
            Path(output).write_text("".join(part_lines), "utf-8")


if __name__ == "__main__":
    main()
