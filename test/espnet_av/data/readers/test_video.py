"""Mouth clips as they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter
from espnet_av.data.missing_video import MissingVideo
from espnet_av.data.readers.video import VideoReader
from espnet_av.data.stretch import Stretch
from espnet_av.errors import DataDirError

CLIP = np.arange(10 * 12 * 12).reshape(10, 12, 12).astype(np.uint8)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, dict[str, str]]:
    with ArkWriter(tmp_path / "v.ark") as ark:
        pointer = ark.write_clip("u", CLIP, "raw")
    return {"utt2spk": {"u": "s", "v": "s"}, "video.scp": {"u": pointer}}


def test_middle_of_every_frame_of_the_stretch(
    tables: Any, make_request: Any, make_draw: Any
) -> None:
    clip = VideoReader(make_request(tables)).read("u", make_draw(stretch=Stretch(1, 4)))
    np.testing.assert_array_equal(clip, CLIP[1:4, 2:10, 2:10])


def test_at_another_speed_frames_are_picked(tables: Any, make_request: Any, make_draw: Any) -> None:
    clip = VideoReader(make_request(tables)).read("u", make_draw(speed=2.0, length=5))
    np.testing.assert_array_equal(clip, CLIP[1::2, 2:10, 2:10])


def test_nothing_for_sound_alone_and_what_a_test_takes_away(
    tables: Any, make_request: Any, make_draw: Any
) -> None:
    assert VideoReader(make_request(tables, modalities="A")).read("u", make_draw()) is None
    lost = make_request(tables, missing_video=MissingVideo("start", 0.5))
    clip = VideoReader(lost).read("u", make_draw())
    assert not clip[:5].any() and clip[5:].any()


def test_a_test_of_lips_needs_them_everywhere(tables: Any, make_request: Any) -> None:
    with pytest.raises(DataDirError, match="mode V cannot decode them"):
        VideoReader(make_request(tables, modalities="V")).lacking(())
