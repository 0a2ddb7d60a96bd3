"""Folders of pictures, and what looks at them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from corpora_fixtures.clips import put
from corpora_fixtures.detections import picture

from espnet_av.errors import DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.encoder import make_encoder
from espnet_av.images.pictures import PictureSource

RANDOM = ImagesConfig(encoder="random", grid=2, random_width=5, batch_size=2)


def source(folder: Path, config: ImagesConfig = RANDOM) -> PictureSource:
    return PictureSource(folder, config, make_encoder(config))


def test_a_folder_gives_what_it_can(tmp_path: Path, caplog) -> None:
    put(tmp_path / "train2014/COCO_1.jpg", picture(1))
    put(tmp_path / "val2014/COCO_2.PNG", picture(2, ".png"))
    put(tmp_path / "val2014/COCO_3.jpeg", picture(3)[:60])
    put(tmp_path / "zzz/COCO_1.jpg", picture(4))
    put(tmp_path / "val2014/._COCO_2.png", "a Mac's")
    put(tmp_path / "README.txt", "x")
    with caplog.at_level(logging.WARNING):
        made = source(tmp_path)
    assert "zzz/COCO_1.jpg: of the name of" in caplog.text
    assert list(made.names()) == ["COCO_1", "COCO_2", "COCO_3"]
    found = dict(made.read(["COCO_1", "COCO_3", "COCO_2"]))
    assert list(found) == ["COCO_1", "COCO_3", "COCO_2"]
    assert found["COCO_2"].features.shape == (4, 5) and len(found["COCO_2"].boxes) == 4
    assert found["COCO_3"].reason == "unreadable picture" and "COCO_3.jpeg" in str(found["COCO_3"])
    alone = dict(made.read(["COCO_2"]))["COCO_2"].features
    np.testing.assert_allclose(alone, found["COCO_2"].features, rtol=1e-5)
    with pytest.raises(DataDirError, match=r"no .jpg, .jpeg, .png in it or below"):
        source(tmp_path / "none")


def test_links_that_lead_round_or_nowhere(tmp_path: Path, caplog) -> None:
    put(tmp_path / "all/i0.jpg", picture(0))
    put(tmp_path / "elsewhere/i1.jpg", picture(1))
    (tmp_path / "all/again").symlink_to(tmp_path / "all")
    (tmp_path / "all/more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "all")
    (tmp_path / "all/lost.jpg").symlink_to(tmp_path / "nowhere")
    made = source(tmp_path / "all")
    assert sorted(made.names()) == ["i0", "i1", "lost"] and not caplog.messages
    assert made.mark(made.names()) == made.mark(made.names())
    found = dict(made.read(made.names()))
    assert found["lost"].reason == "unreadable picture" and len(found["i1"].features) == 4
