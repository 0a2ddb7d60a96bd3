"""Every figure of translations beside BLEU, by name: ours, and those of packages of others."""

from __future__ import annotations

from typing import Any

from espnet_av.registry import Registry
from espnet_av.score.text_metrics.bertscore import BERTSCORE
from espnet_av.score.text_metrics.chrf import CHRF_PP
from espnet_av.score.text_metrics.comet import COMET
from espnet_av.score.text_metrics.gleu import GLEU
from espnet_av.score.text_metrics.meteor import METEOR, METEOR_NOWORDNET
from espnet_av.score.text_metrics.nist import NIST
from espnet_av.score.text_metrics.rouge import ROUGE_L
from espnet_av.score.text_metrics.text_metric import TextMetric


def _problem(name: str, found: Any) -> str | None:
    if not isinstance(found, TextMetric):
        return f"{found!r} is no TextMetric"
    return None if found.name == name else f"it is called '{found.name}', not '{name}'"


TEXT_METRICS: Registry[TextMetric] = Registry(
    "text_metrics",
    {
        found.name: found
        for found in (
            *(CHRF_PP, GLEU, ROUGE_L, METEOR, METEOR_NOWORDNET, NIST),
            *(BERTSCORE, COMET),
        )
    },
    _problem,
)
"""Name -> metric; a new one is an entry here."""
