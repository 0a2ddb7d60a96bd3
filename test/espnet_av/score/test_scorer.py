"""What a scorer has to give, and what it need not."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from oracles.decoded import write_condition

from espnet_av.score.bootstrap import Resampling
from espnet_av.score.conditions import read_condition
from espnet_av.score.pictures import draw
from espnet_av.score.scorer import Figures, Scored, ScoredWithExample, Scorer
from espnet_av.score.scorers import SCORERS
from espnet_av.score.text import WER


class Counted(Scored):
    def figures(
        self, utt_ids: Collection[str], resampling: Resampling, axes: Mapping[str, str]
    ) -> Figures:
        return {"wer": {"rate": float(len(utt_ids))}}


class Opened(ScoredWithExample, Counted):
    def reference_text(self, utt_id: str) -> str:
        return f"what {utt_id} said"


def test_figures_are_all_that_is_needed() -> None:
    judged = Counted()
    judged.write_results()
    assert (judged.extras(), judged.pairs(), judged.variants) == ({}, [], ({},))
    plain = Scorer(name="count", kind="text", metrics=(WER,), read=lambda condition, _: judged)
    assert (plain.sections([{}]), plain.comparison({}), plain.refuses) == ([], [], {})


def test_what_is_missing_is_refused_when_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"abstract.*figures"):
        Scored()  # type: ignore[abstract]

    class Unopened(ScoredWithExample):
        figures = Counted.figures

    with pytest.raises(TypeError, match=r"abstract.*reference_text"):
        Unopened()  # type: ignore[abstract]


@pytest.mark.parametrize(("kind", "shown"), [(Counted, []), (Opened, ["what s1-000 said"])])
def test_only_what_has_an_example_gets_its_picture(
    kind: type[Any], shown: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(
        "espnet_av.score.pictures.plot_alignment",
        lambda *_, reference, **__: said.append(reference),
    )
    judged = kind()
    judged.condition = read_condition(write_condition(tmp_path, "A", "clean", 0.0, num_utts=1))
    record = {"set": "test", "mode": "A", "noise": "clean", "wer": {"rate": 1.0}}
    scores: dict[str, Any] = {"conditions": [record], "missing_video": [], "targets": []}
    names = draw(tmp_path, [(judged, record)], scores, WER)
    assert said == shown
    assert names == [f"alignment_test_{judged.condition.folder.name}.png"] * len(shown)


def test_every_scorer_has_metrics_of_its_own() -> None:
    names = [metric.name for scorer in SCORERS.values() for metric in scorer.metrics]
    assert len(set(names)) == len(names)
    assert all(scorer.metrics for scorer in SCORERS.values())
