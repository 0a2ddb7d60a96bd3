"""What is told of an ABX measurement: for programs, for people, and every cell by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.score.abx.cells import Cells
from espnet_av.score.abx.items import AbxItem
from espnet_av.score.abx.levels import Means, cell_rows
from espnet_av.score.abx.measure import Task, Watch, figures, hash_items
from espnet_av.score.abx.plan import Plan
from espnet_av.score.bootstrap import Resampling

FEW_CELLS = 1000
"""Below so many cells a figure moves much from one set to another."""
_COLUMNS = ("layer", "a", "b", "context", "speaker", "speaker_x", "error", "triplets")
_SHOWN_PAIRS = 20


@contextmanager
def cell_writer(path: Path | None) -> Iterator[Watch | None]:
    """Writes cells as they come."""
    if path is None:
        yield None
        return
    with atomic_write(path) as stream:
        stream.write("\t".join(_COLUMNS) + "\n")

        def write(layer: str, plan: Plan, chunk: Cells) -> None:
            for row in cell_rows(plan, chunk):
                fields = {"layer": layer, **row, "error": f"{row['error']:.9g}"}
                stream.write("\t".join(str(fields[name]) for name in _COLUMNS) + "\n")

        yield write


def as_scores(
    task: Task, found: Mapping[str, Means], items: Sequence[AbxItem], resampling: Resampling
) -> dict[str, Any]:
    """Everything to write."""
    layers = {name: figures(means, resampling) for name, means in found.items()}
    for name, means in found.items():
        pairs = [[a, b, round(error, 6)] for a, b, error in means.pairs()[:_SHOWN_PAIRS]]
        layers[name]["most_confused"] = pairs
    best = min(layers, key=lambda name: layers[name]["error_rate"])
    return {
        "error_rate": layers[best]["error_rate"],
        "layer": best,
        "layers": layers,
        **task.facts(),
        "items_sha256": hash_items(items),
        "dropped_items": [[item.words, reason] for item, reason in task.spans.dropped],
        "num_resamples": resampling.num_resamples,
    }


def as_text(scores: Mapping[str, Any]) -> str:
    """What is printed."""
    options = scores["options"]
    lines = []
    for name, layer in scores["layers"].items():
        interval = layer["ci95_over_speakers"]
        between = (
            ""
            if interval is None
            else "  [{:.2f}, {:.2f}] over speakers".format(*(100 * edge for edge in interval))
        )
        cells = f"{layer['num_cells']} cells, {layer['num_triplets']} triplets"
        lines.append(f"{name}: ABX error {100 * layer['error_rate']:.3f} %{between}  ({cells})")
    lines.append(f"averaged over {', then '.join(scores['levels'])}; each mean unweighted")
    lines.append(
        ", ".join(
            f"{key} {'all' if value is None else value}"
            for key, value in options.items()
            if key not in ("kind", "items")
        )
    )
    dropped = ", ".join(f"{count} {reason}" for reason, count in scores["dropped"].items())
    lines.append(
        f"{scores['num_items']} items, {scores['num_compared']} compared; dropped: "
        f"{dropped or 'none'}; shortened by a frame at the end of a file: {scores['num_clipped']}"
    )
    if scores["speakers_without_cells"]:
        lines.append(f"without any cell: talkers {', '.join(scores['speakers_without_cells'])}")
    if min(layer["num_cells"] for layer in scores["layers"].values()) < FEW_CELLS:
        lines.append(f"WARNING: fewer than {FEW_CELLS} cells; another set may score otherwise")
    return "\n".join(lines)
