"""Requests and draws for single readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.abs_reader import Draw, ReadRequest
from espnet_av.data.stretch import WHOLE


@pytest.fixture
def make_request(tmp_path: Path) -> Any:
    """A function: tables of a data dir and changes to what is asked of it."""

    def make(tables: dict[str, dict[str, str]], **changes: Any) -> ReadRequest:
        asked: dict[str, Any] = {
            "data": DataDir(tmp_path, tables),
            "config": DatasetConfig(video_crop=8, flip_prob=0.0, time_mask_frames=0),
            "modalities": "AV",
            "train": False,
            "partial": False,
            "seed": 0,
            "frame_hz": 25.0,
            "max_frames": 0,
            "tokenizer": None,
            "units": None,
            "noise": None,
            "condition": None,
            "missing_video": None,
        }
        return ReadRequest(**{**asked, **changes})

    return make


@pytest.fixture
def make_draw() -> Any:
    """A function: changes to a draw of ten whole frames at their own speed."""

    def make(**changes: Any) -> Draw:
        drawn: dict[str, Any] = {"epoch": 0, "step": 0, "speed": 1.0, "length": 10}
        drawn |= {"stretch": WHOLE, "generator": np.random.default_rng(0)}
        return Draw(**{**drawn, **changes})

    return make
