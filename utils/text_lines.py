"""Lines of a file or of standard input, for the list tools beside this file."""

import sys
from pathlib import Path


def read_lines(name: str) -> list[str]:
    """Lines of a UTF-8 file (`-`: standard input), each with its line end and nothing else cut."""
    # Iterating splits at "\n" only; str.splitlines() would also split inside some transcripts.
    try:
        if name == "-":
            return list(sys.stdin)
        with Path(name).open(encoding="utf-8") as stream:
            return list(stream)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {name}: {error}")
