"""Sound gets the length of its picture where the two differ by little."""

from __future__ import annotations

import numpy as np
import pytest

from espnet_av.errors import MediaError
from espnet_av.speech2text import sound

HALF_A_SECOND = 8000


@pytest.mark.parametrize(
    ("num_samples", "is_fitted"),
    [
        (16000, True),
        (16000 + HALF_A_SECOND, True),
        (16000 + HALF_A_SECOND + 1, False),
        (16000 - HALF_A_SECOND, True),
        (16000 - HALF_A_SECOND - 1, False),
    ],
)
def test_by_half_a_second_at_most(monkeypatch, num_samples, is_fitted):
    heard = np.random.default_rng(0).normal(size=num_samples).astype(np.float32)
    monkeypatch.setattr(sound, "read_audio", lambda path, rate: heard)
    monkeypatch.setattr(sound, "video_frames", lambda path: 25)
    found = sound.read_sound("a.mp4", fit_to_picture=True)
    assert len(found) == (16000 if is_fitted else num_samples)
    both = min(len(found), num_samples)
    assert np.array_equal(found[:both], heard[:both])
    assert sound.read_sound("a.mp4", fit_to_picture=False) is heard


def test_without_a_picture_it_stays(monkeypatch):
    heard = np.ones(700, dtype=np.float32)
    monkeypatch.setattr(sound, "read_audio", lambda path, rate: heard)
    monkeypatch.setattr(sound, "video_frames", lambda path: 0)
    assert sound.read_sound("a.wav", fit_to_picture=True) is heard


@pytest.mark.parametrize(("num_samples", "is_enough"), [(639, False), (640, True)])
def test_less_than_a_frame_is_refused(monkeypatch, num_samples, is_enough):
    heard = np.ones(num_samples, dtype=np.float32)
    monkeypatch.setattr(sound, "read_audio", lambda path, rate: heard)
    if is_enough:
        assert sound.read_sound("a.wav", fit_to_picture=False) is heard
        return
    with pytest.raises(MediaError, match=r"a\.wav: 0\.0399 s of sound, less than one frame"):
        sound.read_sound("a.wav", fit_to_picture=False)
