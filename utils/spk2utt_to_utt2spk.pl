#!/usr/bin/env python3
"""Turn `<speaker> <utt>...` into `<utt> <speaker>`: spk2utt_to_utt2spk.pl [in] > out."""

import sys

from text_lines import read_lines


def main() -> None:
    """Convert standard input or a file to standard output; the order of mention is kept."""
    name = sys.argv[1] if len(sys.argv) > 1 else "-"
    for number, line in enumerate(read_lines(name), 1):
        speaker, *utts = line.split() or [""]
        if not utts:
            row = line.strip()
            sys.exit(f"spk2utt_to_utt2spk.pl: {name}:{number}: not '<speaker> <utt>...': '{row}'")
        sys.stdout.writelines(f"{utt} {speaker}\n" for utt in utts)


if __name__ == "__main__":
    main()
