from __future__ import annotations

import numpy as np
import pytest

from espnet_av.speech2text.windows import Window, plan_windows


def speech(num_frames, quiet):
    wave = np.random.default_rng(0).normal(0, 0.3, (num_frames, 640)).astype(np.float32)
    for frame in quiet:
        wave[frame - 3 : frame + 3] *= 0.01
    return wave.reshape(-1)


def test_short_file_is_one_window_without_bounds():
    assert plan_windows(100, 100, speech(100, [])) == [Window(0.0, None)]
    assert plan_windows(0, 100, None) == [Window(0.0, None)]


def test_cuts_lie_in_the_pauses():
    windows = plan_windows(250, 100, speech(250, [30, 81, 150]))
    starts = [round(window.start * 25) for window in windows]
    assert len(starts) == 3
    assert abs(starts[1] - 81) <= 1 and abs(starts[2] - 150) <= 1
    assert windows[-1].end is None
    assert [w.end for w in windows[:-1]] == [w.start for w in windows[1:]]


@pytest.mark.parametrize("num_frames", [101, 199, 200, 1003])
@pytest.mark.parametrize("has_speech", [True, False])
def test_no_window_is_longer_than_allowed(num_frames, has_speech):
    windows = plan_windows(num_frames, 100, speech(num_frames, []) if has_speech else None)
    borders = [round(w.start * 25) for w in windows] + [num_frames]
    lengths = np.diff(borders)
    assert lengths.min() >= 1 and lengths.max() <= 100
    if not has_speech:
        assert len(windows) == -(-num_frames // 100)


def test_sound_shorter_than_the_picture():
    windows = plan_windows(300, 100, speech(120, [80]))
    assert np.diff([w.start for w in windows]).max() <= 4.0
