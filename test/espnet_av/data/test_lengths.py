"""Lengths of utterances: of the video, else of the sound."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.data.lengths import has_films_alone, num_frames
from espnet_av.errors import DataDirError

DATA = DataDir(
    Path("dump/test"),
    {
        "utt2num_frames": {"both": "75", "seen": "3"},
        "utt2num_samples": {"both": "99999", "heard": "1919", "short": "639"},
    },
)


@pytest.mark.parametrize(
    ("utt_id", "length"), [("both", 75), ("seen", 3), ("heard", 2), ("short", 0)]
)
def test_sound_is_fitted_to_the_video(utt_id: str, length: int) -> None:
    assert num_frames(DATA, utt_id) == length


@pytest.mark.parametrize("data", [DATA, DataDir(Path("dump/test"), {})])
def test_a_length_that_no_table_has(data: DataDir) -> None:
    message = r"dump/test: none: neither in utt2num_frames .*is this the output of the dump stage"
    with pytest.raises(DataDirError, match=message):
        num_frames(data, "none")


@pytest.mark.parametrize(
    ("tables", "alone"),
    [
        ({"film.scp"}, True),
        ({"film.scp", "utt2num_frames", "text"}, True),
        ({"film.scp", "wav.scp"}, False),
        ({"film.scp", "video.scp"}, False),
        ({"wav.scp"}, False),
        (set(), False),
    ],
)
def test_sets_of_films_alone(tables: set[str], alone: bool) -> None:
    data = DataDir(Path("dump/test"), {key: {"u": "x"} for key in tables})
    assert has_films_alone(data) == alone
