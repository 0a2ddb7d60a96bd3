"""A family that tells classes, outside of the package: from data dir to accuracy, through av.sh."""

from __future__ import annotations

from pathlib import Path

from oracles.sketch_recipe import NUM_BANDS, SketchRecipe

CLASSES = ["bass", "tenor", "alto", "soprano"]


def test_classes_are_learnt_and_judged_by_accuracy_alone(tmp_path: Path) -> None:
    recipe = SketchRecipe(
        tmp_path,
        {"models": {"label_sketch": "oracles.sketch_models:LabelSketch"}},
        {"targets": []},
        {"model": "label_sketch", "dataset": {"modalities": "A", "labels": CLASSES}},
    )

    def more(utt_id: str, index: int, band: int) -> dict[str, str]:
        return {"utt2label": CLASSES[band * len(CLASSES) // NUM_BANDS]}

    recipe.write_data(more)
    # Error rates are of texts: that is said before anything is decoded.
    code, out = recipe.run()
    assert code != 0, out
    assert "predicts label, but metric wer is of text; set scoring: {metric: accuracy}" in out
    assert not list((recipe.folder / "exp/sketch/decode").glob("test/*"))

    target = {"set": "test", "mode": "A", "target": 80}
    recipe.write("expected_scores.yaml", {"scoring": {"metric": "accuracy"}, "targets": [target]})
    code, out = recipe.run()
    assert code == 0, out
    assert "up to date: exp/sketch" in out
    (condition,), scores = recipe.scores["conditions"], recipe.scores
    assert scores["targets"][0]["met"] is True and condition["accuracy"]["num_utts"] == 16
    told = (recipe.folder / "exp/sketch/decode/test/A_clean/label").read_text().split()[1::2]
    assert set(told) <= set(CLASSES)
