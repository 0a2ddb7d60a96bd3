"""Rows of cells as text: padded for the terminal, or as markdown."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def format_plain(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> str:
    """Columns padded with spaces, for the terminal; those of `left` begin at the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * (len(widths) - 1)), *lines[1:]])


def format_markdown(rows: Sequence[Sequence[str]], left: Collection[int] = (0,)) -> str:
    """A markdown table; the columns `left` are aligned to the left, the others to the right."""
    rule = ["---" if column in left else "--:" for column in range(len(rows[0]))]
    return "\n".join(f"|{'|'.join(row)}|" for row in [rows[0], rule, *rows[1:]])
