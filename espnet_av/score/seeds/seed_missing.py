"""Several systems over seeds with less and less video: a table for each set, mode and noise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from espnet_av.data.missing_video import KINDS, MissingVideo
from espnet_av.predict.condition import parse_missing_video
from espnet_av.score.matrix import noise_title
from espnet_av.score.scorers import metric_of
from espnet_av.score.seeds.runs import ConditionKey, System
from espnet_av.score.seeds.seed_table import conditions_of, format_mean
from espnet_av.score.text_table import format_markdown


def format_missing(systems: Sequence[System]) -> str:
    """Markdown: systems and kinds down, shares across, sound alone last; empty without any.

    Args:
        systems: comparable ones.
    """
    parts = []
    for condition in conditions_of(systems):
        shares = sorted({loss.share for system in systems for loss in losses_of(system, condition)})
        if shares:
            name, mode, noise = condition
            title = f"{name} {mode} {noise_title(noise)}"
            parts.append(f"### {metric_of(systems[0].metric).heading} with missing video: {title}")
            parts.append(format_markdown(_table(systems, condition, shares), left=(0, 1)))
    return "\n\n".join(parts) + "\n" if parts else ""


def _table(
    systems: Sequence[System], condition: ConditionKey, shares: Sequence[float]
) -> list[list[str]]:
    name, mode, noise = condition
    rows = [["system", "missing", *(f"{100 * share:g} %" for share in (0, *shares))]]
    if mode == "AV":
        rows[0].append("A (no video)")
    for system in systems:
        losses = losses_of(system, condition)
        whole = format_mean(system.rates.get(condition, {}))
        alone = format_mean(system.rates.get((name, "A", noise), {}))
        for kind in (kind for kind in KINDS if any(loss.kind == kind for loss in losses)):
            cells = [format_mean(losses.get(MissingVideo(kind, share), {})) for share in shares]
            rows.append([system.name, kind, whole, *cells, *([alone] if mode == "AV" else [])])
    return rows


def losses_of(system: System, condition: ConditionKey) -> Mapping[MissingVideo, dict[int, float]]:
    """What was missing in one condition -> the figures of the seeds."""
    return {
        parse_missing_video(lost): rates
        for (*tested, lost), rates in system.missing.items()
        if tuple(tested) == condition
    }
