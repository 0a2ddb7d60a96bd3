"""How the texts of a task are compared: a property of its recipe, not of one run."""

from __future__ import annotations

from dataclasses import dataclass

from espnet_av.errors import ConfigError
from espnet_av.score.bleu_tokens import TokeniserChoice
from espnet_av.score.metric import Metric, is_error
from espnet_av.score.normaliser import NormaliserName


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """The part `scoring` of `expected_scores.yaml`."""

    metric: Metric = "wer"
    """What the tables show: `wer`, `cer`, or `bleu` for translations."""
    normaliser: NormaliserName = "none"
    """Rewriting of both texts before they are compared (error rates only)."""

    tokenize: TokeniserChoice = "by_language"
    """How BLEU cuts texts: a tokeniser of sacreBLEU, or what suits the language of the texts; the
    signature beside each score says which it was."""

    def __post_init__(self) -> None:
        if is_error(self.metric) and self.tokenize != "by_language":
            msg = (
                f"metric {self.metric} with tokenize {self.tokenize}: tokenisers are of BLEU; "
                "leave tokenize out, or set metric: bleu"
            )
            raise ConfigError(msg)
        if not is_error(self.metric) and self.normaliser != "none":
            msg = (
                f"metric bleu with normaliser {self.normaliser}: BLEU compares only within one "
                "signature, on texts as they are; set normaliser: none"
            )
            raise ConfigError(msg)
