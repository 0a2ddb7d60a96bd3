"""Arrays behind the id of an utterance, or of what several share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter
from espnet_av.data.readers.image import ImageReader
from espnet_av.data.readers.vector import TeacherReader
from espnet_av.errors import ArkError, DataDirError

USERS = {"utt2spk": {"u": "s", "v": "s", "w": "s"}}


@pytest.fixture
def pointer(tmp_path: Path) -> str:
    with ArkWriter(tmp_path / "x.ark") as ark:
        return ark.write_array("cat", np.arange(6.0).reshape(2, 3))


def test_a_shared_array(pointer: str, make_request: Any, make_draw: Any) -> None:
    named = {"utt2image": {"u": "cat", "v": "cat"}, "image.scp": {"cat": pointer}}
    reader = ImageReader(make_request({**USERS, **named}))
    assert [drop.utt_id for drop in reader.lacking(())] == ["w"]
    assert reader.read("w", make_draw()) is None
    for utt_id in ("u", "v"):
        assert reader.read(utt_id, make_draw()).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_another_number_of_axes_is_refused(pointer: str, make_request: Any, make_draw: Any) -> None:
    reader = TeacherReader(make_request({**USERS, "teacher.scp": {"cat": pointer}}))
    with pytest.raises(ArkError, match=r"shape \(2, 3\) of float16.*expected 1 axes"):
        reader.read("cat", make_draw())
    with pytest.raises(DataDirError, match=r"teacher.scp: no such file, but the model reads"):
        TeacherReader(make_request(USERS)).check()
