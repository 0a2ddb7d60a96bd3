"""Who speaks when, from a data dir with segments to a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from espnet_av.data.batch import Sample, collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.activity import ActivityReader, activity
from espnet_av.data.rttm import parse_turns
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.stretch import Stretch
from espnet_av.data.table import Segment
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import DataDirError


def test_segments_have_their_part_of_the_turns(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "rec.wav", np.full(16000 * 4, 0.1), 16000)
    tables = {
        "utt2spk": {"u1": "s", "u2": "s", "u3": "s"},
        "segments": {"u1": "rec 0 1", "u2": "rec 1 3", "u3": "rec 3.5 4"},
        "wav.scp": {"rec": str(tmp_path / "rec.wav")},
        "rttm": {"rec": "0 1.4 ann 0.6 2 bob"},
    }
    write_data_dir(tmp_path / "data", tables)
    plan = plan_dump(tmp_path / "data", tmp_path / "none", tmp_path / "dump", DumpConfig())
    write_shards(plan, 1, 1)
    finish_dump(plan)
    assert read_data_dir(tmp_path / "dump").tables["rttm"] == {
        "u1": "0 1 ann 0.6 0.4 bob",
        "u2": "0 0.4 ann 0 1.6 bob",
    }
    dataset = AVDataset(tmp_path / "dump", None, DatasetConfig(), reads=["activity"])
    assert [drop.utt_id for drop in dataset.dropped] == ["u3"]
    batch = collate([dataset[0], dataset[1]]).as_dict()
    assert batch["activity"].sum(dim=1).tolist() == [[25, 10], [10, 40]]
    assert batch["activity_lengths"].tolist() == [25, 50]
    # Both speak at once in the last ten frames of the first.
    assert batch["activity"][0, 15:25].tolist() == [[1, 1]] * 10


def test_speed_stretch_and_rate(make_request: Any, make_draw: Any) -> None:
    tables = {"utt2spk": {"u": "s"}, "rttm": {"u": "0 0.4 ann 0.2 0.4 bob"}}
    reader = ActivityReader(make_request(tables, frame_hz=50.0))
    drawn = make_draw(speed=2.0, length=10, stretch=Stretch(1, 9))
    active = reader.read("u", drawn)
    assert active.shape == (16, 2)
    assert active.sum(axis=0).tolist() == [8, 10]


def test_sets_without_turns_are_refused(make_request: Any) -> None:
    with pytest.raises(DataDirError, match="rttm: no such file, but the model reads who speaks"):
        ActivityReader(make_request({"utt2spk": {"u": "s"}})).check()


def test_fewer_talkers_are_padded_with_silence() -> None:
    one, two = np.ones((2, 1), np.float32), np.ones((3, 2), np.float32)
    batch = collate([Sample(utt_id="a", activity=one), Sample(utt_id="b", activity=two)]).as_dict()
    assert batch["activity"][0].tolist() == [[1, 0], [1, 0], [0, 0]]


def test_talkers_of_every_frame() -> None:
    turns = [Segment(5.0, 1.0, "bob"), Segment(0.0, 12.0, "ann")]
    active = activity(turns, 1200, 100)
    assert active.shape == (1200, 2) and active.dtype == np.float32
    # The right labels of the two talkers, 4 s at 100 Hz a piece.
    counts = active.reshape(3, 400, 2).sum(axis=1)
    assert counts.tolist() == [[400, 0], [400, 100], [400, 0]]
    twice = activity(turns, 600, 100, speed=2.0)
    assert twice.sum(axis=0).tolist() == [600, 50]
    assert activity([], 3, 25).shape == (3, 0)


@pytest.mark.parametrize(
    ("turns", "seconds", "counts"),
    [
        ("3.9 4.2 A", 12, [[10], [400], [10]]),
        ("4 4 A", 12, [[0], [400], [0]]),
        ("2 2 A", 12, [[200], [0], [0]]),
        ("4 2 A", 12, [[0], [200], [0]]),
        ("0 13.5 A 13 0.5 B", 13.5, [[400, 0], [400, 0], [400, 0], [150, 50]]),
    ],
)
def test_chunks_within_a_turn_are_spoken_in(turns, seconds, counts) -> None:
    """Frames of 10 ms in chunks of 4 s; s3prl gives those that a turn begins before and ends after
    no label: its middle chunk of the first has [0]."""
    active = activity(parse_turns(turns), round(100 * seconds), 100.0)
    chunks = [active[start : start + 400].sum(axis=0) for start in range(0, len(active), 400)]
    assert [chunk.tolist() for chunk in chunks] == counts


def test_turns_of_another_recording_are_left_out(make_request: Any) -> None:
    """They begin where the utterance has ended; some that go on after it are its own."""
    turns = {"a": "0 9 ann", "b": "5 1 ann 7 1 bob", "c": "0.4 1 ann", "d": "0.39 1 ann"}
    tables = {
        "utt2spk": dict.fromkeys("abcde", "s"),
        "utt2num_samples": dict.fromkeys("abcde", "6400"),
        "rttm": turns,
    }
    drops = ActivityReader(make_request(tables)).lacking({"x"})
    assert [tuple(drop) for drop in drops] == [
        ("e", "not in rttm", ""),
        ("b", "turns of another recording", "first turn at 5 s, end at 0.4 s"),
        ("c", "turns of another recording", "first turn at 0.4 s, end at 0.4 s"),
    ]
