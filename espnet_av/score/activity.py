"""Diarization and Jaccard error rate of who speaks when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from espnet_av.data.rttm import parse_turns
from espnet_av.errors import DataDirError
from espnet_av.ops.diarization_error import (
    DiarizationErrors,
    Turn,
    diarization_errors,
    jaccard_errors,
)
from espnet_av.score.bootstrap import Resampling, rate_figure
from espnet_av.score.conditions import Decoded, read_references, read_turns
from espnet_av.score.count_table import dataset_name
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_PICTURES, NO_TEXT, NO_TRIPLETS, Figures, Scored, Scorer
from espnet_av.score.scoring import Scoring
from espnet_av.score.text_table import format_markdown

_SWEEP = "turns"
"""Folder of the turns by each threshold and median filter; `predict/activity.py` writes it."""
DER = Metric(name="der", title="DER", words="diarization error rate", lower_is_better=True)
DER_LOWEST = Metric(
    name="der_lowest",
    title="lowest DER",
    words="lowest diarization error rate of ten thresholds and filters",
    lower_is_better=True,
)
JER = Metric(name="jer", title="JER", words="Jaccard error rate", lower_is_better=True)


@dataclass(frozen=True)
class ScoredActivity(Scored):
    """A condition with its turns."""

    condition: Decoded
    refs: dict[str, list[Turn]]
    hyps: dict[str, list[Turn]]
    collar_sec: float
    swept: dict[str, dict[str, list[Turn]]]
    """Threshold and median filter -> turns, of SUPERB's ten; empty: predictions of before them."""

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Errors in the time that talkers of the reference speak, and the mean over talkers."""
        chosen = [utt_id for utt_id in self.refs if utt_id in utt_ids]
        found = self._errors(self.hyps, chosen)
        talkers = [jaccard_errors(self.refs[u], self.hyps.get(u, [])) for u in chosen]
        if not sum(errors.total for errors in found):
            msg = f"{self.condition.folder}: nobody speaks in {chosen[0]} and the others with it"
            raise DataDirError(msg + "; correct the rttm of the test set")
        num_utts = {"num_utts": len(chosen)}
        parts = ("missed", "false_alarm", "confusion", "total")
        seconds = {part: round(sum(getattr(e, part) for e in found), 3) for part in parts}
        counts = [errors.errors for errors in found]
        told = {**seconds, **num_utts}
        der = rate_figure(counts, [errors.total for errors in found], resampling)
        jer = rate_figure([sum(t) for t in talkers], [len(t) for t in talkers], resampling)
        figures = {DER.name: {**der, **told}, JER.name: {**jer, **num_utts}}
        return figures | self._lowest(chosen, resampling)

    @cached_property
    def _best(self) -> str:
        """The settings with the fewest errors on all utterances: chosen on what they are tested."""

        def seconds(turns: Mapping[str, list[Turn]]) -> float:
            return sum(errors.errors for errors in self._errors(turns, list(self.refs)))

        return min(self.swept, key=lambda name: seconds(self.swept[name]))

    def _lowest(self, utt_ids: Sequence[str], resampling: Resampling) -> Figures:
        if not self.swept:
            return {}
        found = self._errors(self.swept[self._best], utt_ids)
        totals = [errors.total for errors in found]
        rate = rate_figure([errors.errors for errors in found], totals, resampling)
        return {DER_LOWEST.name: {**rate, "settings": self._best, "num_utts": len(found)}}

    def _errors(
        self, hyps: Mapping[str, list[Turn]], utt_ids: Sequence[str]
    ) -> list[DiarizationErrors]:
        return [
            diarization_errors(self.refs[u], hyps.get(u, []), collar_sec=self.collar_sec)
            for u in utt_ids
        ]


def _read(condition: Decoded, scoring: Scoring) -> ScoredActivity:
    refs = read_references(condition, "ref.rttm", "rttm", read_turns)
    hyps = read_turns(condition.folder / "rttm")
    swept = {
        path.stem: _turns(read_turns(path))
        for path in sorted((condition.folder / _SWEEP).glob("*.rttm"))
    }
    if scoring.metric == DER_LOWEST.name and not swept:
        msg = (
            f"{condition.folder / _SWEEP}: no such folder, but metric {DER_LOWEST.name} is the "
            "lowest of several thresholds; remove the condition and decode it again (stage 10)"
        )
        raise DataDirError(msg)
    return ScoredActivity(condition, _turns(refs), _turns(hyps), scoring.collar_sec, swept)


def _turns(rows: Mapping[str, str]) -> dict[str, list[Turn]]:
    return {
        utt_id: [Turn(s.start, s.start + s.duration, s.label) for s in parse_turns(value)]
        for utt_id, value in rows.items()
    }


def _sections(records: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [["dataset", "speech (s)", "missed", "false alarm", "confusion", "DER", "JER"]]
    for record in records:
        der = record[DER.name]
        shares = (der[part] / der["total"] for part in ("missed", "false_alarm", "confusion"))
        figures = (DER.show(der["rate"]), JER.show(record[JER.name]["rate"]))
        cells = (DER.show(100 * share) for share in shares)
        rows.append([dataset_name(record), f"{der['total']:.1f}", *cells, *figures])
    sections = ["### Diarization errors (percent)", format_markdown(rows)]
    lowest = [record for record in records if DER_LOWEST.name in record]
    if lowest:
        rows = [["dataset", "DER", "threshold and median filter (frames)"]]
        for record in lowest:
            found = record[DER_LOWEST.name]
            rows.append([dataset_name(record), DER.show(found["rate"]), found["settings"]])
        title = "### Lowest of ten thresholds and filters, as SUPERB has it: chosen on the test set"
        sections += [title, format_markdown(rows)]
    return sections


def _comparison(scores: Mapping[str, Any]) -> list[str]:
    collar = scores["scoring"].get("collar_sec", 0.0)
    return [
        f"- collar: {collar:g} s on each side of every beginning and end of a reference turn "
        f"(pyannote's `collar` is both together, {2 * collar:g} s); overlapping speech is scored"
    ]


ACTIVITY = Scorer(
    name="activity",
    kind="activity",
    metrics=(DER, JER, DER_LOWEST),
    read=_read,
    refuses=NO_TEXT | NO_TRIPLETS | NO_PICTURES,
    sections=_sections,
    comparison=_comparison,
)
