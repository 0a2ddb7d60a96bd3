"""The scores of one test set as a matrix: modes down, noises across."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from espnet_av.predict.condition import CLEAN, MODES, parse_noise
from espnet_av.score.metric import Metric, metric_title

Record = Mapping[str, Any]
NOT_RUN = "not run here"


def noise_order(noise: str) -> tuple[int, str, float]:
    """Sorting key: clean first, then by category, loudest noise last."""
    parsed = parse_noise(noise)
    return (0, "", 0.0) if parsed is None else (1, parsed.category, -parsed.snr_db)


def noise_title(noise: str) -> str:
    """`babble 0 dB` for `babble:0`."""
    parsed = parse_noise(noise)
    return CLEAN if parsed is None else f"{parsed.category} {parsed.snr_db:g} dB"


def sets_of(records: Sequence[Record]) -> list[str]:
    """Test sets in order of first appearance."""
    return list(dict.fromkeys(record["set"] for record in records))


def modes_of(records: Sequence[Record]) -> list[str]:
    """Modes that occur: A, V, AV in this order."""
    present = {record["mode"] for record in records}
    return [mode for mode in ("A", "V", "AV") if mode in present and mode in MODES]


def noises_of(records: Sequence[Record]) -> list[str]:
    """Noises that occur, clean first, then from quiet to loud."""
    return sorted({record["noise"] for record in records}, key=noise_order)


def cell(record: Record | None, metric: Metric) -> str:
    """`12.3 [10.1, 14.8]`: figure and confidence interval, in percent or BLEU points."""
    if record is None:
        return "-"
    low, high = record[metric]["ci95"]
    return f"{record[metric]['rate']:.1f} [{low:.1f}, {high:.1f}]"


def matrix(records: Sequence[Record], set_name: str, metric: Metric) -> list[list[str]]:
    """Header and rows of one test set; lips alone stand under `clean`, as no noise reaches them."""
    chosen = [record for record in records if record["set"] == set_name]
    cells = {(record["mode"], record["noise"]): record for record in chosen}
    noises = noises_of(chosen)
    header = [f"{set_name} {metric_title(metric)}", *map(noise_title, noises)]
    return [
        header,
        *(
            [mode, *(cell(cells.get((mode, noise)), metric) for noise in noises)]
            for mode in modes_of(chosen)
        ),
    ]


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
