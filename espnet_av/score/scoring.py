"""How the predictions of a task are compared: a property of its recipe, not of one run."""

from __future__ import annotations

from dataclasses import dataclass, field

from espnet_av.errors import ConfigError
from espnet_av.score.abx.options import AbxOptions
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
    collar_sec: float = 0.0
    """Of who speaks when: not scored on each side of every beginning and end of a turn. 0.25 is
    usual, which pyannote calls 0.5."""
    pictures: str = ""
    """Folder of the pictures of retrieval, by their names, for its contact sheet."""
    abx: AbxOptions = AbxOptions()  # noqa: RUF009 - frozen, as a number is
    """Of ABX errors: items, triplets, distance, slice, draws."""

    metrics: tuple[str, ...] = ()
    """Further ones to be shown beside it, as `chrf2pp`: those of the same scorer that are not there
    unless they are asked for."""
    metric_models: dict[str, str] = field(default_factory=dict)
    """Metric -> folder, file, or name on Hugging Face of the network that judges for it, for
    `bertscore` with `@<layer>`; else the usual one."""

    def __post_init__(self) -> None:
        if self.collar_sec < 0:
            msg = f"collar_sec is {self.collar_sec}; it is a time, 0 or more"
            raise ConfigError(msg)
