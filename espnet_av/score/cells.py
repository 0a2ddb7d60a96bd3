"""Systems named by two words: `--system <row> <column> <scores.json>...`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from espnet_av.errors import ConfigError


def read_cells(
    systems: Sequence[Sequence[str]], row: str, column: str
) -> list[tuple[str, str, list[Path]]]:
    """Row, column and the files of the seeds, of each system.

    Args:
        systems: the words behind each --system.
        row: what the first is.
        column: what the second is.

    Raises:
        ConfigError: a system has no file.
    """
    for words in systems:
        if len(words) < 3:
            msg = f"--system {' '.join(words)}: expected {row}, {column}, then scores.json files"
            raise ConfigError(msg)
    return [(first, second, list(map(Path, paths))) for first, second, *paths in systems]
