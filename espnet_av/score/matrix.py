"""The scores of one test set as a matrix: modes down, noises across."""

from __future__ import annotations

from collections.abc import Sequence

from espnet_av.predict.condition import CLEAN, parse_noise
from espnet_av.score.metric import Metric
from espnet_av.score.record import Record, axes_of, further_axes

NOT_RUN = "not run here"
MODE_ORDER = ("A", "V", "AV")


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
    return list(dict.fromkeys(axes_of(record)["set"] for record in records))


def modes_of(records: Sequence[Record]) -> list[str]:
    """Modes that occur: A, V, AV in this order."""
    present = {axes_of(record)["mode"] for record in records}
    return [mode for mode in MODE_ORDER if mode in present]


def noises_of(records: Sequence[Record]) -> list[str]:
    """Noises that occur, clean first, then from quiet to loud."""
    return sorted({axes_of(record)["noise"] for record in records}, key=noise_order)


def cell(record: Record | None, metric: Metric) -> str:
    """`12.3 [10.1, 14.8]`: figure and confidence interval, in percent or BLEU points."""
    if record is None:
        return "-"
    figure = record[metric.name]
    low, high = map(metric.show, figure["ci95"])
    return f"{metric.show(figure['rate'])} [{low}, {high}]"


def matrix(records: Sequence[Record], set_name: str, metric: Metric) -> list[list[str]]:
    """Header and rows of one test set; lips alone stand under `clean`, as no noise reaches them.

    What else tells records apart, as a direction, stands beside the mode.
    """
    chosen = [record for record in records if axes_of(record)["set"] == set_name]
    cells = {(row_title(record), axes_of(record)["noise"]): record for record in chosen}
    noises = noises_of(chosen)
    modes = modes_of(chosen)
    titles = sorted(
        dict.fromkeys(row_title(record) for record in chosen),
        key=lambda title: modes.index(title.split()[0]),
    )
    return [
        [f"{set_name} {metric.heading}", *map(noise_title, noises)],
        *(
            [title, *(cell(cells.get((title, noise)), metric) for noise in noises)]
            for title in titles
        ),
    ]


def row_title(record: Record) -> str:
    """Mode, and what else tells records of one set and noise apart: `AV speech to image`."""
    return " ".join([axes_of(record)["mode"], *further_axes(record).values()])
