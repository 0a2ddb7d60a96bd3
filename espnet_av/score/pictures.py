"""The pictures of a scored decoding: curves, confusions, one utterance opened up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from espnet_av.predict.example import EXAMPLE, read_example
from espnet_av.score.matrix import noise_title, sets_of
from espnet_av.score.metric import Metric
from espnet_av.score.missing_video import curves
from espnet_av.score.plot_alignment import plot_alignment
from espnet_av.score.plot_confusion import plot_confusion
from espnet_av.score.plot_missing_video import plot_missing_video
from espnet_av.score.plot_snr import categories_of, plot_snr
from espnet_av.score.record import Record, axes_of, further_axes, select
from espnet_av.score.scorer import Scored, ScoredWithExample


def draw(
    decode_dir: Path,
    judged: Sequence[tuple[Scored, Record]],
    scores: dict[str, Any],
    metric: Metric,
) -> list[str]:
    """Write the pictures into the decoding folder.

    Args:
        decode_dir: output of the decode stage.
        judged: conditions that had all of their video, with their records.
        scores: content of `scores.json` so far.
        metric: what is drawn.

    Returns:
        the names of the pictures.
    """
    names = []
    for variant in _variants(scores["conditions"]):
        names += _curves(decode_dir, scores, variant, metric)
    for score, record in _worth_a_look(judged, metric):
        names += _of_condition(decode_dir, score, record)
    return names


def _variants(records: Sequence[Record]) -> list[dict[str, str]]:
    """What tells records of one set, mode and noise apart; a picture shows one of these."""
    found = {tuple(further_axes(record).items()): None for record in records}
    return [dict(axes) for axes in found]


def _curves(
    decode_dir: Path, scores: dict[str, Any], variant: dict[str, str], metric: Metric
) -> list[str]:
    records = select(scores["conditions"], variant)
    missing = select(scores["missing_video"], variant)
    suffix = "".join(f"_{value.replace(' ', '_')}" for value in variant.values())
    names = []
    for set_name in sets_of(records):
        for category in categories_of(records, set_name):
            names.append(f"{metric.name}_over_snr_{set_name}_{category}{suffix}.png")
            plot_snr(
                records,
                set_name,
                category,
                decode_dir / names[-1],
                metric=metric,
                targets=[row for row in scores["targets"] if row["axes"] == variant],
            )
        lost = curves(records, missing, set_name)
        if lost:
            names.append(f"{metric.name}_over_missing_video_{set_name}{suffix}.png")
            plot_missing_video(lost, set_name, decode_dir / names[-1], metric=metric)
    return names


def _of_condition(decode_dir: Path, score: Scored, record: Record) -> list[str]:
    """Confusions and an example, of predictions that have them."""
    folder, axes = score.condition.folder, axes_of(record)
    stem = f"{axes['set']}_{folder.name}"
    title = f"{axes['set']}, {axes['mode']}, {noise_title(axes['noise'])}"
    names = []
    own = f"{score.drawn}_{stem}.png"
    if score.draw(decode_dir / own, title):
        names.append(own)
    name = f"confusion_{stem}.png"
    if plot_confusion(score.pairs(), f"Most frequent confusions: {title}", decode_dir / name):
        names.append(name)
    # Texts that were made of texts have nothing that was heard.
    heard = "translated_from" not in score.condition.info
    if isinstance(score, ScoredWithExample) and heard:
        example = read_example(folder / EXAMPLE)
        names.append(f"alignment_{stem}.png")
        plot_alignment(
            folder / EXAMPLE,
            decode_dir / names[-1],
            title=title,
            reference=score.reference_text(str(example["utt_id"])),
        )
    return names


def _worth_a_look(
    judged: Sequence[tuple[Scored, Record]], metric: Metric
) -> list[tuple[Scored, Record]]:
    """Of each test set: the best and the worst of all conditions."""
    chosen = []
    for set_name in sets_of([record for _, record in judged]):
        mine = [pair for pair in judged if axes_of(pair[1])["set"] == set_name]
        mine.sort(key=lambda pair: pair[1][metric.name]["rate"], reverse=not metric.lower_is_better)
        ends = [mine[0], mine[-1]]
        chosen += ends if ends[0][0] is not ends[1][0] else ends[:1]
    return chosen
