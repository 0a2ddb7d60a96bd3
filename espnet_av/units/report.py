"""The quality report of unit labels: `report.json`, `REPORT.md` and `units.png`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import DataDir
from espnet_av.data.unit_set import UnitSet, read_units
from espnet_av.progress import progress
from espnet_av.score.text_table import format_markdown
from espnet_av.units.codebook import FitRecord
from espnet_av.units.plot import plot_units
from espnet_av.units.quality import UnitCounts, agreement, count_names, usage

PICTURE = "units.png"
_NOTES = """
- *perplexity*: as many units, all used alike, would have the same entropy. *Unused*: units that no
  frame of the set has.
- *run*: how long one unit lasts; phones last about 80 ms.
- *phone purity*: share of frames whose label in the alignment is the commonest one of their unit;
  *chance*: the same without units. *Unit purity*: share of frames whose unit is the commonest one
  of their label; it falls as units grow in number.
- *PNMI*: share of the labels' entropy that the units explain (arXiv 2106.07447); *NMI*: mutual
  information over the mean of both entropies. 0 = nothing, 1 = everything.
"""


def write_report(units_dir: Path, data: Mapping[str, DataDir], fit: FitRecord) -> dict[str, Any]:
    """Read every label back, measure, and write the report.

    Args:
        units_dir: finished labels.
        data: dump of each set to report on; its `ctm`, where there is one, holds the alignment.
        fit: how the codebook was fitted.

    Returns:
        the content of `report.json`.
    """
    counts = {name: _count(read_units(units_dir / name), dump) for name, dump in data.items()}
    report: dict[str, Any] = {
        "source": fit.source,
        "num_units": next(iter(counts.values())).num_units,
        "rate_hz": fit.rate_hz,
        "fit": {k: v for k, v in asdict(fit).items() if k not in ("source", "rate_hz")},
        "sets": {
            name: {**usage(count), "alignment": agreement(count.joint)}
            for name, count in counts.items()
        },
    }
    with atomic_write(units_dir / "report.json") as stream:
        json.dump(report, stream, indent=1, ensure_ascii=False)
    with atomic_write(units_dir / "REPORT.md") as stream:
        stream.write(_page(report))
    plot_units(counts, _title(report), units_dir / PICTURE)
    return report


def _count(units: UnitSet, data: DataDir) -> UnitCounts:
    counts = UnitCounts(units.num_units, units.rate_hz, count_names(data.ctm))
    for utt_id in progress(units.utt_ids, desc=f"report {units.path.name}", unit="utt"):
        counts.add(utt_id, units.labels(utt_id), data.ctm.get(utt_id, ()))
    return counts


def _title(report: Mapping[str, Any]) -> str:
    source = ", ".join(
        f"{key} {value}" for key, value in report["source"].items() if key != "weights_sha256"
    )
    return f"{report['num_units']} units at {report['rate_hz']} Hz ({source})"


def _page(report: Mapping[str, Any]) -> str:
    fit = report["fit"]
    kept = f", {100 * fit['frame_share']:.3g} % of theirs" if fit["frame_share"] < 1 else ""
    rows: list[Sequence[str]] = [
        ["set", "utterances", "frames", "perplexity", "unused", "run (frames)", "run (ms)"]
    ]
    aligned: list[Sequence[str]] = [
        ["set", "aligned frames", "labels", "phone purity", "chance", "unit purity", "PNMI", "NMI"]
    ]
    for name, found in report["sets"].items():
        rows.append([
            name, str(found["utterances"]), str(found["frames"]), f"{found['perplexity']:.1f}",
            str(found["unused"]), f"{found['mean_run_frames']:.2f}", f"{found['mean_run_ms']:.0f}",
        ])  # fmt: skip
        if found["alignment"]:
            shares = ("phone_purity", "chance_purity", "unit_purity", "pnmi", "nmi")
            measured = found["alignment"]
            numbers = [str(measured["aligned_frames"]), str(measured["labels"])]
            aligned.append([name, *numbers, *(f"{measured[key]:.3f}" for key in shares)])
    parts = [
        f"# {_title(report)}",
        f"k-means on {fit['frames']} frames{kept} of {fit['utterances']} utterances, "
        f"{fit['num_batches']} mini-batches; mean squared distance {fit['inertia']:.5g}.",
        format_markdown(rows),
        format_markdown(aligned) if len(aligned) > 1 else "No set has an alignment (`ctm`).",
        f"![usage of the units]({PICTURE})",
        _NOTES.strip(),
    ]
    return "\n\n".join(parts) + "\n"
