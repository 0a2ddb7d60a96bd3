"""How the predictions of a task are compared: a property of its recipe, not of one run."""

from __future__ import annotations

from dataclasses import dataclass

from espnet_av.score.bleu_tokens import TokeniserChoice
from espnet_av.score.normaliser import NormaliserName


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The part `scoring` of `expected_scores.yaml`; `scorers.check_scoring` looks at the whole."""

    metric: str = "wer"
    """What the tables show: a metric of one of the `SCORERS`."""
    normaliser: NormaliserName = "none"
    """Rewriting of both texts before they are compared (error rates only)."""

    tokenize: TokeniserChoice = "by_language"
    """How BLEU cuts texts: a tokeniser of sacreBLEU, or what suits the language of the texts; the
    signature beside each score says which it was."""
