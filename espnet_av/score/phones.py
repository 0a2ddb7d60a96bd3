"""Phone error rate: texts whose words are phones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from espnet_av.score.conditions import TEXT, Decoded
from espnet_av.score.count_table import error_counts
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_PICTURES, NO_TRIPLETS, NO_TURNS, Scored, Scorer
from espnet_av.score.scoring import Scoring
from espnet_av.score.text import align_texts

PER = Metric(name="per", title="PER", words="phone error rate", lower_is_better=True)


def _read(condition: Decoded, scoring: Scoring) -> Scored:
    return align_texts(condition, scoring, {PER.name: "words"})


def _sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"### {PER.title}", error_counts(records, PER.name)]


PHONES = Scorer(
    name="phones",
    kind=TEXT,
    metrics=(PER,),
    read=_read,
    refuses=NO_TURNS
    | {"normaliser": "phones are compared as they are", "tokenize": "tokenisers are of BLEU"}
    | NO_TRIPLETS
    | NO_PICTURES,
    sections=_sections,
)
