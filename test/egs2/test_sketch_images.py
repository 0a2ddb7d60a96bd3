"""A family that reads images, outside of the package: from data dir to recall, through av.sh."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from oracles.sketch_recipe import NUM_BANDS, SketchRecipe


def test_images_and_speech_find_each_other(tmp_path: Path) -> None:
    recipe = SketchRecipe(
        tmp_path,
        {"models": {"image_sketch": "oracles.sketch_models:ImageSketch"}},
        {
            "scoring": {"metric": "r1"},
            "targets": [
                {"set": "test", "mode": "A", "target": 60, "axes": {"direction": direction}}
                for direction in ("speech to image", "image to speech")
            ],
        },
        {"model": "image_sketch", "dataset": {"modalities": "A"}},
    )
    generator = np.random.default_rng(9)

    def more(utt_id: str, index: int, band: int) -> dict[str, str]:
        """An image of two or three regions, the band of the tone in each of them."""
        regions = generator.normal(0, 0.1, (2 + index % 2, NUM_BANDS)).astype(np.float32)
        regions[:, band] += 1
        np.save(recipe.folder / f"{utt_id}.npy", regions)
        return {"image.scp": f"{recipe.folder}/{utt_id}.npy"}

    recipe.write_data(more)
    code, out = recipe.run()
    assert code == 0, out
    targets = recipe.scores["targets"]
    assert [target["met"] for target in targets] == [True, True], targets
    assert {record["axes"]["direction"] for record in recipe.scores["conditions"]} == {
        "speech to image",
        "image to speech",
    }
    assert (recipe.folder / "dump/test/image.scp").is_file()
