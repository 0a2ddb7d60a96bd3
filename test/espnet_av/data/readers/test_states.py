"""Stored states of utterances: whole or cut, and not those of something else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from espnet_av.data.ark import ArkWriter
from espnet_av.data.batch import Sample, collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.states import StatesReader
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.stretch import Stretch
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ConfigError, DataDirError

STATES = np.arange(19 * 3 * 2, dtype=np.float32).reshape(19, 3, 2)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, dict[str, str]]:
    """An utterance of ten frames at 25 Hz, whose states at 50 Hz are one less."""
    with ArkWriter(tmp_path / "states.ark") as ark:
        pointer = ark.write_array("u", STATES)
    return {
        "utt2spk": {"u": "s"},
        "states.scp": {"u": pointer},
        "utt2num_samples": {"u": "6400"},
    }


def test_half_precision_whole_and_cut(tables: Any, make_request: Any, make_draw: Any) -> None:
    reader = StatesReader(make_request(tables, frame_hz=50.0))
    reader.check()
    whole = reader.read("u", make_draw())
    assert whole.dtype == np.float16 and (whole == STATES).all()
    assert (reader.read("u", make_draw(stretch=Stretch(2, 5))) == STATES[4:10]).all()
    assert reader.read("v", make_draw()) is None
    batch = collate([Sample(utt_id="u", states=whole), Sample(utt_id="w", states=whole[:4])])
    assert batch.fields["states"].shape == (2, 19, 3, 2)
    assert batch.fields["states_lengths"].tolist() == [19, 4]


def test_a_set_of_states_needs_no_sound(tables: Any, tmp_path: Path) -> None:
    """Sound is not read, though the modalities ask for it: the states stand for it."""
    data = write_data_dir(tmp_path, {**tables, "utt2spk": {"u": "s"}})
    assert data.utt_ids == ["u"]
    for modalities in ("A", "AV", "V"):
        config = DatasetConfig(modalities=modalities)
        dataset = AVDataset(tmp_path, None, config, train=True, frame_hz=50, reads=["states"])
        assert set(dataset[0].fields) == {"states"} and dataset.num_frames == [10]
    with pytest.raises(DataDirError, match=r"v: neither in wav.scp nor in video.scp"):
        write_data_dir(tmp_path, {**tables, "utt2spk": {"u": "s", "v": "s"}})


@pytest.mark.parametrize("rate", [25.0, 100.0])
def test_states_of_another_length(
    tables: Any, make_request: Any, make_draw: Any, rate: float
) -> None:
    reader = StatesReader(make_request(tables, frame_hz=rate))
    with pytest.raises(DataDirError, match="u: 19 frames of states, but the utterance has "):
        reader.read("u", make_draw())


def test_states_that_are_not_there(tables: Any, make_request: Any) -> None:
    del tables["states.scp"]
    with pytest.raises(DataDirError, match=r"states.scp: no such file, .*--kind states"):
        StatesReader(make_request(tables)).check()


@pytest.mark.parametrize("changes", [{"noise_prob": 0.5}, {"speeds": (0.9, 1.0)}])
def test_sound_cannot_change_any_more(
    tables: Any, make_request: Any, changes: dict[str, Any]
) -> None:
    config = DatasetConfig(**changes)
    StatesReader(make_request(tables, config=config)).check()
    with pytest.raises(ConfigError, match="stored states are of sound as it is"):
        StatesReader(make_request(tables, config=config, train=True)).check()


def test_states_of_another_tool_go_through_the_dump_stage(tmp_path: Path) -> None:
    for name, array in {"u": STATES, "v": STATES[0]}.items():
        np.save(tmp_path / f"{name}.npy", array)
    places = {name: str(tmp_path / f"{name}.npy") for name in ("u", "v")}
    wave = str(tmp_path / "u.wav")
    soundfile.write(wave, np.full(6400, 0.1), 16000)
    write_data_dir(
        tmp_path / "data",
        {
            "utt2spk": dict.fromkeys(places, "s"),
            "wav.scp": dict.fromkeys(places, wave),
            "states.scp": places,
        },
    )
    plan = plan_dump(
        tmp_path / "data", tmp_path / "none", tmp_path / "dump", DumpConfig(max_dropped_ratio=1.0)
    )
    write_shards(plan, 1, 1)
    finish_dump(plan)
    dumped = read_data_dir(tmp_path / "dump")
    assert list(dumped.tables["states.scp"]) == ["u"]
    lost = (tmp_path / "dump/dropped_states.tsv").read_text(encoding="utf-8")
    assert "shape (3, 2), expected (frames, states, D)" in lost
    dataset = AVDataset(tmp_path / "dump", None, DatasetConfig(), frame_hz=50, reads=["states"])
    assert [drop.utt_id for drop in dataset.dropped] == ["v"]
    assert (dataset[0].array("states") == STATES).all()
