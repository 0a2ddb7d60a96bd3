"""ABX as scores of frames: by phones, and by the language spoken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.errors import DataDirError
from espnet_av.predict.condition import decode_again
from espnet_av.score.abx.condition_items import phone_items, utterance_items
from espnet_av.score.abx.language import language_options, unit_of
from espnet_av.score.abx.scored import ScoredFrames
from espnet_av.score.conditions import Decoded
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_PICTURES, NO_TEXT, NO_TURNS, Scorer
from espnet_av.score.scoring import Scoring
from espnet_av.score.text_table import format_markdown

ABX = Metric(name="abx", title="ABX", words="ABX error", lower_is_better=True, digits=2)
LANGUAGE_ABX = Metric(
    name="abx_language",
    title="language ABX",
    words="ABX error of languages",
    lower_is_better=True,
    digits=2,
)
_HEADINGS = (
    *("set", "talkers", "layer", "error_%"),
    *("items", "compared", "dropped", "cells", "triplets"),
)


def _read_phones(condition: Decoded, scoring: Scoring) -> ScoredFrames:
    _check_layers(condition)
    return ScoredFrames(
        condition, ABX, scoring.abx, phone_items, scoring.abx.items or scoring.abx.kind
    )


def _read_languages(condition: Decoded, scoring: Scoring) -> ScoredFrames:
    _check_layers(condition)
    options = language_options(condition, scoring.abx)
    return ScoredFrames(condition, LANGUAGE_ABX, options, utterance_items, unit_of(condition))


def _check_layers(condition: Decoded) -> None:
    lacking = [key for key in ("layers", "frame_hz") if not condition.info.get(key)]
    if lacking:
        msg = f"{condition.folder}/decode.json: lacks {', '.join(lacking)}; "
        raise DataDirError(msg + decode_again(condition.folder))


def _comparison(scores: Mapping[str, Any]) -> list[str]:
    told = {key: value for key, value in scores["scoring"]["abx"].items() if value != ""}
    first = scores["conditions"][0]["triplets"]
    return [
        "- ABX: " + ", ".join(f"{key} {value}" for key, value in told.items()),
        f"- ABX: averaged over {', then '.join(first['levels'])}; unit {first['unit']}, items "
        f"{first['items'][:16]}; intervals draw talkers",
    ]


def _sections(metric: Metric) -> Any:
    def sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
        rows = [[*_HEADINGS]]
        for record in records:
            axes, figure = record["axes"], record[metric.name]
            dropped = ", ".join(f"{n} {why}" for why, n in figure["dropped"].items()) or "-"
            rows.append(
                [
                    *(axes[key] for key in ("set", "speaker", "layer")),
                    metric.show(figure["rate"]),
                    *(str(figure[key]) for key in ("num_items", "num_compared")),
                    dropped,
                    *(str(figure[key]) for key in ("num_cells", "num_triplets")),
                ]
            )
        return [f"### What {metric.title} is made of", format_markdown(rows, left=(0, 1, 2))]

    return sections


PHONE_SCORER = Scorer(
    name="abx",
    kind="frames",
    metrics=(ABX,),
    read=_read_phones,
    refuses=NO_TEXT | NO_TURNS | NO_PICTURES,
    sections=_sections(ABX),
    comparison=_comparison,
)
LANGUAGE_SCORER = Scorer(
    name="abx_language",
    kind="frames",
    metrics=(LANGUAGE_ABX,),
    read=_read_languages,
    refuses=NO_TEXT | NO_TURNS | NO_PICTURES,
    sections=_sections(LANGUAGE_ABX),
    comparison=_comparison,
)
