from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from espnet_av.data.readers.frame_labels import frame_labels, part_names
from espnet_av.data.table import Segment
from espnet_av.errors import DataDirError

IDS = {"sil": 0, "a": 1, "b": 2}


def oracle(segments: list[Segment], num_frames: int, speed: float) -> list[int]:
    labels = []
    for frame in range(num_frames):
        centre = (frame + 0.5) / 25 * speed
        covering = [IDS[s.label] for s in segments if s.start <= centre < s.start + s.duration]
        labels.append(covering[-1] if covering else -1)
    return labels


@given(
    data=st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 20), st.sampled_from("ab")), max_size=6
    ),
    num_frames=st.integers(0, 50),
    speed=st.sampled_from([0.9, 1.0, 1.1]),
)
def test_equals_a_loop_over_frames(
    data: list[tuple[int, int, str]], num_frames: int, speed: float
) -> None:
    segments = sorted(Segment(start / 19, length / 19, label) for start, length, label in data)
    labels = frame_labels(segments, IDS, num_frames, "utt", speed)
    assert labels.dtype == np.int64 and labels.tolist() == oracle(segments, num_frames, speed)


def test_grid_alignment() -> None:
    # 1/25 s units, as GRID writes them: frames 0-9 silence, 10-14 a word, then nothing.
    segments = [Segment(0.0, 0.4, "sil"), Segment(0.4, 0.2, "a")]
    assert frame_labels(segments, IDS, 17, "u").tolist() == [0] * 10 + [1] * 5 + [-1] * 2


def test_parts_follow_each_other() -> None:
    names = [*part_names("sil", 3), *part_names("two", 3), *part_names("a", 1)]
    assert names == ["sil", "two/1", "two/2", "two/3", "a"]
    ids = {name: i for i, name in enumerate(names)}
    segments = [Segment(0.0, 0.08, "sil"), Segment(0.08, 0.36, "two"), Segment(0.44, 0.04, "a")]
    expected = [0] * 2 + [1] * 3 + [2] * 3 + [3] * 3 + [4]
    assert frame_labels(segments, ids, 12, "u").tolist() == expected


def test_unknown_label_is_named() -> None:
    with pytest.raises(DataDirError, match=r"s1-x: the label .zzz. of its ctm is not in units"):
        frame_labels([Segment(0.0, 1.0, "zzz")], IDS, 5, "s1-x")
