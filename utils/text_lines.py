"""Lines of a file or of standard input, for the list tools beside this file."""

import sys
from pathlib import Path


def read_lines(name: str) -> list[str]:
    """Lines of a UTF-8 file (`-`: standard input), each with the line end, the last one too."""
    # Iterating splits at "\n" only; str.splitlines() would also split inside some transcripts.
    try:
        if name == "-":
            lines = list(sys.stdin)
        else:
            with Path(name).open(encoding="utf-8") as stream:
                lines = list(stream)
    except (OSError, UnicodeDecodeError) as error:
        sys.exit(f"{Path(sys.argv[0]).name}: {name}: {error}")
    return [line if line.endswith("\n") else line + "\n" for line in lines]
