"""A figure of translations that is made of sums over utterances, and the texts it is made from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from espnet_av.data.table import sort_key
from espnet_av.score.bleu_tokens import make_bleu
from espnet_av.score.bootstrap import Resampling, Sums
from espnet_av.score.metric import Metric

HUNDRED = "points of 100"


@dataclass(frozen=True, kw_only=True)
class TextPairs:
    """Translations with one reference each."""

    refs: Mapping[str, str]
    """Utterance -> reference."""
    hyps: Mapping[str, str]
    """Utterance -> translation; may be empty."""
    tokenize: str = "13a"
    """How BLEU cuts them."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Utterance -> what was said, where it is known."""
    lang: str | None = None
    """Language of all references, where it is known and one."""
    model: str = ""
    """Folder or name of the network that judges; empty: the usual one of the metric."""
    where: str = "the texts"
    """What they are, for messages."""

    @property
    def utt_ids(self) -> list[str]:
        """The utterances in order."""
        return sorted(self.refs, key=sort_key)

    def of(self, utt_ids: Collection[str], tokenize: str) -> TextPairs:
        """Some of them."""
        refs, hyps = ({u: table[u] for u in utt_ids} for table in (self.refs, self.hyps))
        return replace(self, refs=refs, hyps=hyps, tokenize=tokenize)

    def tokens(self) -> list[tuple[list[str], list[str]]]:
        """Tokens of reference and hypothesis, utterance by utterance, as BLEU cuts them.

        Raises:
            ConfigError: what the tokeniser needs is not on this machine.
        """
        cut = make_bleu(self.tokenize).tokenizer
        return [
            (cut(self.refs[u].rstrip()).split(), cut(self.hyps[u].rstrip()).split())
            for u in self.utt_ids
        ]


@dataclass(frozen=True)
class TextFigure:
    """What texts score, utterance by utterance in their order."""

    sums: Sums
    signature: str
    """How it was counted, with versions: figures compare only within one."""


@dataclass(frozen=True, kw_only=True)
class TextMetric:
    """One figure of translations."""

    metric: Metric
    measure: Callable[[TextPairs], TextFigure]
    """Raises ConfigError where what it needs is not installed; the cure is named."""
    apart: bool = False
    """Whether an utterance scores the same whatever else is in the corpus: it is then measured
    once, and not again for each group."""

    @property
    def name(self) -> str:
        """That of its metric."""
        return self.metric.name


def figure_of(measured: TextFigure, resampling: Resampling) -> dict[str, Any]:
    """The figure of a record: `rate`, `ci95`, how it was counted, and of how many utterances."""
    low, high = measured.sums.interval(resampling)
    return {
        "rate": round(measured.sums.value, 3),
        "ci95": [round(low, 3), round(high, 3)],
        "signature": measured.signature,
        "num_utts": len(measured.sums.rows),
    }
