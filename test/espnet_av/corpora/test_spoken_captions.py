"""Sound that any program makes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from corpora_fixtures.clips import put

from espnet_av.corpora.spoken_captions import sound_problem


def test_sound_that_a_program_made(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    for wave, told in (
        (np.zeros(8000), "silence"),
        (np.ones(800), "0.05 s, expected"),
        (np.full(8000, 0.5), ""),
    ):
        soundfile.write(path, wave, 16000, subtype="FLOAT")
        assert sound_problem(path).startswith(told) and bool(sound_problem(path)) == bool(told)
    assert "no sound was written" in sound_problem(put(path, "x"))
