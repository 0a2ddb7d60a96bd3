"""A package with everything of its own: kind of data, model, kind of prediction, score."""

from __future__ import annotations

from pathlib import Path

from oracles.sketch_recipe import SketchRecipe, band_of

DATA = """
from espnet_av.data.fields import Batching, Field
from espnet_av.data.tables import Table


def problem(value):
    return None if value.replace(".", "", 1).isdigit() else f"'{value}' is no mood"


MOOD = Field(
    name="mood",
    tables=(Table(name="utt2mood", problem=problem),),
    batching=Batching.STACKED,
    for_learning=True,
)
"""

READER = """
import numpy as np

from espnet_av.data.readers.abs_reader import AbsReader


class MoodReader(AbsReader):
    field = "mood"

    def lacking(self, left_out):
        return self.not_in("utt2mood", left_out)

    def read(self, utt_id, draw):
        value = self.data.get("utt2mood", utt_id)
        return None if value is None else np.asarray(float(value), np.float32)
"""

MODEL = """
from dataclasses import dataclass

import torch
from oracles.sketch_models import Sketch

from espnet_av.data.table import write_table
from espnet_av.modules.statistics import LOWER, Statistics, mean_over
from espnet_av.predict.kinds import Kind
from espnet_av.predict.prediction import Predictions


class MoodModel(Sketch):
    stats = {"loss": LOWER}
    predicts = ("mood",)
    reads = frozenset({"speech", "mood"})

    def outputs(self):
        return 1

    def forward(self, speech, speech_lengths, mood, **_):
        loss = (self.hear(speech, speech_lengths)[:, 0] - mood).abs().mean()
        num = float(len(mood))
        return loss, Statistics(self.stats, {"loss": mean_over(loss, num)}), torch.tensor(num)

    def predict_mood(self, batch):
        return self.hear(batch.speech, batch.speech_lengths)[:, 0]


@dataclass(frozen=True, kw_only=True)
class Moods(Predictions):
    def write(self, folder, data):
        utt_ids = self.ordered(data)
        write_table(folder / "mood", {u: str(self.found[u]) for u in utt_ids})
        write_table(folder / "ref.mood", {u: data.tables["utt2mood"][u] for u in utt_ids})


@torch.inference_mode()
def predict_moods(work, dataset, advance):
    found = {}
    for batch, on_device in work.batches(dataset):
        found |= zip(batch.utt_id, work.model.predict_mood(on_device).tolist())
        advance(len(batch.utt_id))
    return Moods(work=work, dataset=dataset, found=found)


KIND = Kind(predict=predict_moods, offers=("predict_mood",))
"""

SCORE = """
from dataclasses import dataclass

from espnet_av.score.conditions import read_references, read_rows
from espnet_av.score.metric import Metric
from espnet_av.score.scorer import NO_TEXT, NO_TURNS, Scored, Scorer

ERROR = Metric(
    name="mood_error", title="Mood error", words="mean error of the mood", lower_is_better=True
)


@dataclass(frozen=True)
class ScoredMoods(Scored):
    condition: object
    refs: dict
    hyps: dict

    def figures(self, utt_ids, resampling, axes):
        errors = [abs(float(self.refs[u]) - float(self.hyps[u])) for u in self.refs if u in utt_ids]
        mean = 100 * sum(errors) / len(errors)
        return {"mood_error": {"rate": mean, "ci95": [mean, mean], "num_utts": len(errors)}}


def read(condition, scoring):
    refs = read_references(condition, "ref.mood", "utt2mood")
    return ScoredMoods(condition, refs, read_rows(condition.folder / "mood"))


SCORER = Scorer(
    name="mood", kind="mood", metrics=(ERROR,), read=read, refuses=NO_TEXT | NO_TURNS
)
"""
# One module each: a program that makes a dump need not load what a model needs.
CODE = {"own_data": DATA, "own_reader": READER, "own_model": MODEL, "own_score": SCORE}
POINTS = {
    "fields": "own_data:MOOD",
    "readers": "own_reader:MoodReader",
    "models": "own_model:MoodModel",
    "kinds": "own_model:KIND",
    "scorers": "own_score:SCORER",
}


def test_a_kind_of_data_prediction_and_score_of_ones_own(tmp_path: Path) -> None:
    target = {"set": "test", "mode": "A", "target": 15}
    recipe = SketchRecipe(
        tmp_path,
        {group: {"mood": place} for group, place in POINTS.items()},
        {"scoring": {"metric": "mood_error"}, "targets": [target]},
        {"model": "mood", "dataset": {"modalities": "A"}},
        CODE,
    )
    recipe.write_data(lambda utt_id, index, band: {})
    for name in ("train", "test"):
        folder = recipe.folder / "data" / name
        rows = [line.split()[0] for line in (folder / "utt2spk").read_text().splitlines()]
        moods = [f"{u} {band_of(int(u[-2:])) / 15}\n" for u in rows]
        (folder / "utt2mood").write_text("".join(moods))
    code, out = recipe.run()
    assert code == 0, out
    assert recipe.scores["targets"][0]["met"] is True, recipe.scores["targets"]
