"""BLEU of translations, by sacreBLEU, with the signature that makes it comparable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sacrebleu.metrics.bleu import BLEU

from espnet_av.data.table import sort_key
from espnet_av.score.bleu_tokens import make_bleu
from espnet_av.score.bootstrap import Resampling, Sums
from espnet_av.score.edits import check_pairs

MAX_ORDER = 4
"""Tokens of the longest sequences that BLEU counts."""


@dataclass(frozen=True)
class BleuScore:
    """Corpus BLEU, from 0 to 100."""

    score: float
    ci95: tuple[float, float]
    """From resampled utterances."""
    signature: str
    """sacreBLEU's: tokeniser, case, smoothing and version; scores compare only within one."""
    precisions: tuple[float, ...]
    """Of 1- to 4-grams, in percent."""
    brevity_penalty: float
    num_hyp: int
    """Tokens of all hypotheses."""
    num_ref: int
    """Tokens of all references."""
    num_utts: int
    longest_ref: int
    """Tokens of the longest reference; of less than four, no four can be right."""


def score_bleu(
    refs: Mapping[str, str],
    hyps: Mapping[str, str],
    *,
    tokenize: str = "13a",
    lowercase: bool = False,
    num_resamples: int = 1000,
    seed: int = 0,
) -> BleuScore:
    """Compare translations with one reference each.

    Args:
        refs: utterance -> reference, case and punctuation as the translator wrote them.
        hyps: utterance -> hypothesis; may be empty texts.
        tokenize: sacreBLEU's tokeniser; `13a` is its default, but see `tokeniser_of`.
        lowercase: ignore case.
        num_resamples: draws of utterances for the interval.
        seed: of the draws.

    Raises:
        DataDirError: no reference, a hypothesis that is missing, or one too many; it is named.
        ConfigError: what the tokeniser needs is not on this machine.
    """
    check_pairs(refs, hyps)
    utt_ids = sorted(refs, key=sort_key)
    metric = make_bleu(tokenize, lowercase=lowercase)
    pairs = ([hyps[utt_id] for utt_id in utt_ids], [refs[utt_id] for utt_id in utt_ids])
    result = metric.corpus_score(pairs[0], [pairs[1]])
    sums = bleu_sums(pairs[1], pairs[0], metric)
    return BleuScore(
        score=result.score,
        ci95=sums.interval(Resampling(num_resamples, seed)),
        signature=str(metric.get_signature()),
        precisions=tuple(result.precisions),
        brevity_penalty=result.bp,
        num_hyp=result.sys_len,
        num_ref=result.ref_len,
        num_utts=len(utt_ids),
        longest_ref=int(sums.rows[:, 1].max()),
    )


def bleu_sums(refs: Sequence[str], hyps: Sequence[str], metric: BLEU) -> Sums:
    """What BLEU is made of, pair by pair."""
    rows = [_counts(metric, hyp, ref) for hyp, ref in zip(hyps, refs, strict=True)]
    return Sums(np.array(rows, dtype=np.int64), _from_counts)


def _counts(metric: BLEU, hyp: str, ref: str) -> list[int]:
    """Lengths of hypothesis and reference, then matches and totals of each order."""
    result = metric.corpus_score([hyp], [[ref]])
    return [result.sys_len, result.ref_len, *result.counts, *result.totals]


def _from_counts(counts: np.ndarray) -> float:
    """BLEU of summed counts, smoothed as sacreBLEU does."""
    hyp_len, ref_len = int(counts[0]), int(counts[1])
    matches, totals = counts[2 : 2 + MAX_ORDER], counts[2 + MAX_ORDER :]
    result = BLEU.compute_bleu(
        correct=[int(count) for count in matches],
        total=[int(count) for count in totals],
        sys_len=hyp_len,
        ref_len=ref_len,
        smooth_method="exp",
    )
    return float(result.score)
