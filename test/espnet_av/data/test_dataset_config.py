"""Rules of a dataset's options: the last value that is right, and the first that is not."""

from __future__ import annotations

from typing import Any

import pytest

from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.errors import ConfigError


@pytest.mark.parametrize(
    "changes",
    [
        {"flip_prob": 0.0, "noise_prob": 0.0, "max_dropped_ratio": 0.0},
        {"flip_prob": 1.0, "noise_prob": 1.0, "max_dropped_ratio": 1.0},
        {"speeds": (0.01,)},
        {"noise_snr_db": (5.0, 5.0)},
        {"num_utts": 0, "max_frames": 0},
        {"video_crop": 1, "time_mask_every": 1, "time_mask_frames": 0},
        {"labels": ("yes", "no")},
    ],
)
def test_right_to_the_last(changes: dict[str, Any]) -> None:
    config = DatasetConfig(**changes)
    assert {name: getattr(config, name) for name in changes} == changes


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"flip_prob": 1.01}, r"flip_prob is 1\.01; it is a share between 0 and 1"),
        ({"noise_prob": -0.01}, r"noise_prob is -0\.01; it is a share"),
        ({"max_dropped_ratio": 5}, "max_dropped_ratio is 5; it is a share"),
        ({"noise_prob": float("nan")}, "noise_prob is nan"),
        ({"speeds": ()}, r"speeds are \[\]; give positive factors such as \[0\.9, 1\.0, 1\.1\]"),
        ({"speeds": (1.0, 0.0)}, r"speeds are \[1\.0, 0\.0\]"),
        ({"labels": ("yes", "no", "no")}, "labels has 'no' twice; each class has one number"),
        ({"noise_snr_db": (5.0, -5.0)}, r"is \[5\.0, -5\.0\]; the lower bound comes first"),
        ({"num_utts": -1}, "num_utts and max_frames are at least 0"),
        ({"max_frames": -1}, "num_utts and max_frames are at least 0"),
        ({"video_crop": 0}, "video_crop and time_mask_every are at least 1"),
        ({"time_mask_every": 0}, "video_crop and time_mask_every are at least 1"),
        ({"time_mask_frames": -1}, "time_mask_frames at least 0"),
    ],
)
def test_wrong_from_the_first(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        DatasetConfig(**changes)


def test_a_test_reads_every_language_and_no_frame_labels() -> None:
    training = DatasetConfig(
        langs=("fr",), frame_labels=True, target_lang="de", video_crop=80, labels=("a", "b")
    )
    expected = DatasetConfig(
        langs=None, frame_labels=False, target_lang="de", video_crop=80, labels=("a", "b")
    )
    assert training.for_tests() == expected
    assert expected.for_tests() == expected
