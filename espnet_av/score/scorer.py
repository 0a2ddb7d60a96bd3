"""What turns the predictions of a condition into figures: one kind of prediction each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from espnet_av.score.bootstrap import Resampling, Sums
from espnet_av.score.conditions import Decoded
from espnet_av.score.edits import UtteranceAlignment
from espnet_av.score.metric import Metric
from espnet_av.score.scoring import Scoring

Figures = dict[str, dict[str, Any]]
"""Metric -> `rate` (the figure), `ci95`, `num_utts` and what else it is made of."""

NO_TEXT = dict.fromkeys(("normaliser", "tokenize"), "it compares no texts")
NO_TURNS = {"collar_sec": "collars are of who speaks when"}
NO_TRIPLETS = {"abx": "it compares no triplets"}
NO_PICTURES = {"pictures": "it finds no pictures"}
NOTHING_FURTHER = dict.fromkeys(("metrics", "metric_models"), "all that it gives is there anyway")
"""What a scorer `refuses` that has nothing to do with texts, turns, triplets, pictures, or has no
further metrics."""


class Scored(ABC):
    """Predictions of a condition beside their references."""

    condition: Decoded
    refs: Mapping[str, Any]
    """Utterance -> its reference, plain enough for JSON."""
    variants: tuple[Mapping[str, str], ...] = ({},)
    """Axes besides set, mode, noise and missing video, one for each record of the condition."""
    drawn: str = "picture"
    """Name of the pictures of `draw`."""

    @abstractmethod
    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """What some utterances of the condition score, in one of its `variants`.

        Nothing, if it is a group that is too small for it; of the whole that is an error.
        """

    def sums(self, axes: Mapping[str, str]) -> Mapping[str, Sums]:
        """What figures of one of the `variants` are made of, utterance by utterance in their order.

        Metrics that have none cannot be tested between two systems.
        """
        return {}

    def extras(self) -> dict[str, Any]:
        """More to keep of the whole condition."""
        return {}

    def write_results(self) -> None:
        """Write what a person may read, below the condition's folder."""
        return

    def draw(self, path: Path, title: str) -> bool:
        """Draw what is worth seeing, of all `variants`; False: nothing is."""
        return False

    def pairs(self) -> list[UtteranceAlignment]:
        """What was taken for what, for the picture of confusions; empty: no such picture."""
        return []


class ScoredWithExample(Scored):
    """The same where decoding leaves one utterance of a condition for a picture."""

    @abstractmethod
    def reference_text(self, utt_id: str) -> str:
        """What the picture calls right."""


def _no_sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
    return []


def _no_comparison(scores: Mapping[str, Any]) -> list[str]:
    return []


@dataclass(frozen=True, kw_only=True)
class Scorer:
    """One way to judge one kind of prediction."""

    name: str
    kind: str
    """Of the predictions that feed it, as `decode.json` says."""
    also: tuple[str, ...] = ()
    """Other kinds, which it makes that one of."""
    metrics: tuple[Metric, ...]
    """What its figures are; the record of a condition has all of them."""
    further: Callable[[], Sequence[Metric]] = tuple
    """More that it can give; a record has those that `metric` and `metrics` of `scoring` name."""
    read: Callable[[Decoded, Scoring], Scored]
    """Reads a condition; raises DataDirError where its files do not fit each other."""
    refuses: Mapping[str, str] = field(default_factory=dict)
    """Keys of `scoring` that mean nothing to it -> why."""
    sections: Callable[[Sequence[Mapping[str, Any]]], list[str]] = _no_sections
    """Records -> markdown below the matrices: what the figures are made of."""
    comparison: Callable[[Mapping[str, Any]], list[str]] = _no_comparison
    """`scores.json` -> lines that say how predictions were compared."""

    def all_metrics(self) -> list[Metric]:
        """What a record has in any case, then what it may have."""
        return [*self.metrics, *self.further()]
