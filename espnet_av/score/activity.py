"""Diarization and Jaccard error rate of who speaks when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from espnet_av.data.rttm import parse_turns
from espnet_av.errors import DataDirError
from espnet_av.ops.diarization_error import Turn, diarization_errors, jaccard_errors
from espnet_av.score.bootstrap import Resampling, rate_figure
from espnet_av.score.conditions import Decoded, read_references, read_turns
from espnet_av.score.count_table import dataset_name
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_PICTURES, NO_TEXT, NO_TRIPLETS, Figures, Scored, Scorer
from espnet_av.score.scoring import Scoring
from espnet_av.score.text_table import format_markdown

DER = Metric(name="der", title="DER", words="diarization error rate", lower_is_better=True)
JER = Metric(name="jer", title="JER", words="Jaccard error rate", lower_is_better=True)


@dataclass(frozen=True)
class ScoredActivity(Scored):
    """A condition with its turns."""

    condition: Decoded
    refs: dict[str, list[Turn]]
    hyps: dict[str, list[Turn]]
    collar_sec: float

    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        """Errors in the time that talkers of the reference speak, and the mean over talkers."""
        chosen = [utt_id for utt_id in self.refs if utt_id in utt_ids]
        found = [
            diarization_errors(self.refs[u], self.hyps.get(u, []), collar_sec=self.collar_sec)
            for u in chosen
        ]
        talkers = [jaccard_errors(self.refs[u], self.hyps.get(u, [])) for u in chosen]
        if not sum(errors.total for errors in found):
            msg = f"{self.condition.folder}: nobody speaks in {chosen[0]} and the others with it"
            raise DataDirError(msg + "; correct the rttm of the test set")
        num_utts = {"num_utts": len(chosen)}
        parts = ("missed", "false_alarm", "confusion", "total")
        seconds = {part: round(sum(getattr(e, part) for e in found), 3) for part in parts}
        counts = [errors.errors for errors in found]
        der = rate_figure(counts, [errors.total for errors in found], resampling)
        jer = rate_figure([sum(t) for t in talkers], [len(t) for t in talkers], resampling)
        return {DER.name: {**der, **seconds, **num_utts}, JER.name: {**jer, **num_utts}}


def _read(condition: Decoded, scoring: Scoring) -> ScoredActivity:
    refs = read_references(condition, "ref.rttm", "rttm", read_turns)
    hyps = read_turns(condition.folder / "rttm")
    return ScoredActivity(condition, _turns(refs), _turns(hyps), scoring.collar_sec)


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
    return ["### Diarization errors (percent)", format_markdown(rows)]


def _comparison(scores: Mapping[str, Any]) -> list[str]:
    collar = scores["scoring"].get("collar_sec", 0.0)
    return [
        f"- collar: {collar:g} s on each side of every beginning and end of a reference turn "
        f"(pyannote's `collar` is both together, {2 * collar:g} s); overlapping speech is scored"
    ]


ACTIVITY = Scorer(
    name="activity",
    kind="activity",
    metrics=(DER, JER),
    read=_read,
    refuses=NO_TEXT | NO_TRIPLETS | NO_PICTURES,
    sections=_sections,
    comparison=_comparison,
)
