"""Cosine with the teacher over a validation set, every language counting the same."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

import torch.nn.functional as F

from espnet_av.models.abs_validator import AbsValidator
from espnet_av.modules.statistics import HIGHER

STATS = {"cosine_macro": HIGHER}
logger = logging.getLogger(__name__)


class CosineValidator(AbsValidator):
    """`cosine_macro`: the mean over languages of the mean cosine of their utterances.

    Utterances of no known language are one more; the figure of each language is logged.
    """

    stats = STATS

    def outputs(self, model: Any, batch: Mapping[str, Any]) -> Sequence[Any]:
        """See `AbsValidator`: language and cosine."""
        vectors, teacher = model.vectors(batch).float(), batch["teacher"].float()
        cosines = F.cosine_similarity(vectors, teacher, dim=1).tolist()
        langs = batch.get("lang") or [""] * len(cosines)
        return list(zip(langs, cosines, strict=True))

    def figures(self, kept: Mapping[str, Any]) -> Mapping[str, float]:
        """See `AbsValidator`."""
        found: dict[str, list[float]] = defaultdict(list)
        for lang, cosine in kept.values():
            found[lang].append(cosine)
        if not found:
            return {"cosine_macro": float("nan")}
        means = {lang: fmean(cosines) for lang, cosines in sorted(found.items())}
        if len(means) > 1:
            told = ", ".join(f"{lang or 'unknown'} {mean:.4f}" for lang, mean in means.items())
            logger.info("validation: cosine by language: %s", told)
        return {"cosine_macro": fmean(means.values())}
