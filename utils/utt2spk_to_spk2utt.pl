#!/usr/bin/env python3
"""Turn `<utt> <speaker>` into `<speaker> <utt>...`: utt2spk_to_spk2utt.pl [in] > out."""

import sys

from text_lines import read_lines


def main() -> None:
    """Convert standard input or a file to standard output; the order of first mention is kept."""
    name = sys.argv[1] if len(sys.argv) > 1 else "-"
    speakers: dict[str, list[str]] = {}
    for number, line in enumerate(read_lines(name), 1):
        fields = line.split()
        if len(fields) != 2:
            sys.exit(
                f"utt2spk_to_spk2utt.pl: {name}:{number}: not '<utt> <speaker>': '{line.strip()}'"
            )
        speakers.setdefault(fields[1], []).append(fields[0])
    sys.stdout.writelines(f"{speaker} {' '.join(utts)}\n" for speaker, utts in speakers.items())


if __name__ == "__main__":
    main()
