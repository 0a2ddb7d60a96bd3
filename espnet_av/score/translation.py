"""BLEU of translated texts, and figures beside it that are asked for, as a scorer."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.data.table import sort_key
from espnet_av.score.alignment_text import format_translations
from espnet_av.score.bleu import MAX_ORDER, bleu_sums, score_bleu
from espnet_av.score.bleu_tokens import make_bleu, tokeniser_of
from espnet_av.score.bootstrap import Resampling, Sums
from espnet_av.score.conditions import SOURCES, TEXT, Decoded, read_rows
from espnet_av.score.count_table import bleu_parts
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import (
    NO_PICTURES,
    NO_TRIPLETS,
    NO_TURNS,
    Figures,
    ScoredWithExample,
    Scorer,
)
from espnet_av.score.scoring import Scoring
from espnet_av.score.text import read_texts
from espnet_av.score.text_metrics.registered import TEXT_METRICS
from espnet_av.score.text_metrics.text_metric import TextFigure, TextMetric, TextPairs, figure_of

logger = logging.getLogger(__name__)

BLEU = Metric(name="bleu", title="BLEU", words="BLEU", unit="", unit_words="points of 100")


@dataclass(frozen=True)
class ScoredTranslation(ScoredWithExample):
    """A condition with its texts."""

    condition: Decoded
    refs: dict[str, str]
    """Utterance -> reference."""
    hyps: dict[str, str]
    """Utterance -> translation."""
    langs: dict[str, str]
    """Utterance -> language of its text, where it is known."""
    scoring: Scoring
    sources: dict[str, str] = field(default_factory=dict)
    """Utterance -> what was said, where it is known."""
    _whole: dict[str, TextFigure] = field(default_factory=dict)
    """What metrics gave that look at each utterance apart."""

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Corpus BLEU of some utterances with its parts, and what else is asked for."""
        refs = {utt_id: self.refs[utt_id] for utt_id in utt_ids}
        hyps = {utt_id: self.hyps[utt_id] for utt_id in utt_ids}
        tokenize = self._tokeniser(utt_ids)
        bleu = score_bleu(refs, hyps, tokenize=tokenize, **asdict(resampling))
        if bleu.longest_ref < MAX_ORDER:
            logger.warning(
                "%s: no reference of %s and %d others has four tokens (%s), so BLEU, which counts "
                "up to four in a row, says nothing; look at the precisions of fewer, or at "
                "metric: wer",
                *(self.condition.folder, min(utt_ids), len(utt_ids) - 1, tokenize),
            )
        figures = {key: _rounded(value) for key, value in asdict(bleu).items()}
        return {
            BLEU.name: {"rate": figures.pop("score"), **figures},
            **{m.name: figure_of(self._measured(m, utt_ids), resampling) for m in self._further},
        }

    @cached_property
    def _further(self) -> list[TextMetric]:
        asked = {self.scoring.metric, *self.scoring.metrics}
        return [metric for name, metric in TEXT_METRICS.items() if name in asked]

    def _tokeniser(self, utt_ids: Collection[str]) -> str:
        if self.scoring.tokenize != "by_language":
            return self.scoring.tokenize
        return tokeniser_of(frozenset(self.langs.get(utt_id) for utt_id in utt_ids))

    def _measured(self, metric: TextMetric, utt_ids: Collection[str]) -> TextFigure:
        """A figure of some utterances; what each scores apart from the others is kept."""
        if not metric.apart:
            return metric.measure(self._texts(metric.name).of(utt_ids, self._tokeniser(utt_ids)))
        if metric.name not in self._whole:
            self._whole[metric.name] = metric.measure(self._texts(metric.name))
        whole = self._whole[metric.name]
        rows = [u in utt_ids for u in sorted(self.refs, key=sort_key)]
        return replace(whole, sums=replace(whole.sums, rows=whole.sums.rows[rows]))

    def _texts(self, metric: str) -> TextPairs:
        """All utterances."""
        langs = {self.langs.get(utt_id) for utt_id in self.refs}
        return TextPairs(
            refs=self.refs,
            hyps=self.hyps,
            tokenize=self._tokeniser(self.refs),
            sources=self.sources,
            lang=langs.pop() if len(langs) == 1 else None,
            model=self.scoring.metric_models.get(metric, ""),
            where=str(self.condition.folder),
        )

    def sums(self, axes: Mapping[str, str]) -> Mapping[str, Sums]:
        """What BLEU is made of, and what else is asked for."""
        utt_ids = sorted(self.refs, key=sort_key)
        refs, hyps = ([table[u] for u in utt_ids] for table in (self.refs, self.hyps))
        further = {m.name: self._measured(m, utt_ids).sums for m in self._further}
        return {BLEU.name: bleu_sums(refs, hyps, make_bleu(self._tokeniser(utt_ids)))} | further

    def write_results(self) -> None:
        """Every translation: `score_bleu/result.txt`."""
        with atomic_write(self.condition.folder / f"score_{BLEU.name}" / "result.txt") as stream:
            stream.write(format_translations(self.refs, self.hyps))

    def reference_text(self, utt_id: str) -> str:
        """The translation of a person."""
        return self.refs[utt_id]


def _read(condition: Decoded, scoring: Scoring) -> ScoredTranslation:
    refs, hyps = read_texts(condition)
    target_lang = condition.info.get("target_lang")
    langs = {} if target_lang is None else dict.fromkeys(refs, target_lang)
    if "target_lang" in condition.info and target_lang is None:
        # Transcripts; older folders do not say.
        langs = condition.tables.get("utt2target", condition.tables.get("utt2lang", {}))
    said = condition.folder / SOURCES
    sources = read_rows(said) if said.is_file() else {}
    return ScoredTranslation(condition, refs, hyps, langs, scoring, sources)


def _rounded(value: Any) -> Any:
    """Numbers to three decimals, as error rates are."""
    if isinstance(value, tuple):
        return [_rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def _comparison(scores: Mapping[str, Any]) -> list[str]:
    signatures = dict.fromkeys(record[BLEU.name]["signature"] for record in scores["conditions"])
    return ["- sacreBLEU signature: " + ", ".join(f"`{name}`" for name in signatures)]


def _sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
    return [f"### {BLEU.title}", bleu_parts(records, BLEU.name)]


TRANSLATION = Scorer(
    name="translation",
    kind=TEXT,
    metrics=(BLEU,),
    further=lambda: [metric.metric for metric in TEXT_METRICS.values()],
    read=_read,
    refuses=NO_TURNS
    | NO_TRIPLETS
    | NO_PICTURES
    | {"normaliser": "BLEU compares only within one signature, on texts as they are"},
    sections=_sections,
    comparison=_comparison,
)
