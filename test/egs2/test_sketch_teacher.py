"""A family that learns vectors, outside of the package: from data dir to recall, through av.sh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from oracles.sketch_recipe import NUM_BANDS, SketchRecipe


def test_the_vector_of_the_teacher_is_found(tmp_path: Path) -> None:
    recipe = SketchRecipe(
        tmp_path,
        {"models": {"teacher_sketch": "oracles.sketch_models:TeacherSketch"}},
        {
            "scoring": {"metric": "r1"},
            "targets": [
                {
                    "set": "test",
                    "mode": "A",
                    "target": 60,
                    "axes": {"direction": "speech to teacher"},
                }
            ],
        },
        {"model": "teacher_sketch", "dataset": {"modalities": "A"}},
    )
    of_band = np.random.default_rng(7).normal(size=(NUM_BANDS, 16)).astype(np.float32)

    def more(utt_id: str, index: int, band: int) -> dict[str, str]:
        np.save(recipe.folder / f"{utt_id}.npy", of_band[band])
        return {"teacher.scp": f"{recipe.folder}/{utt_id}.npy"}

    recipe.write_data(more)
    code, out = recipe.run()
    assert code == 0, out
    assert recipe.scores["targets"][0]["met"] is True, recipe.scores["targets"]
