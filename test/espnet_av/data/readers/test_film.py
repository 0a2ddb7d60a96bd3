"""Full frames in colour, from a data dir to a batch."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import yaml

from espnet_av.config import build
from espnet_av.data.batch import collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.readers.film import frame_numbers, frame_times
from espnet_av.data.shard_jobs import write_shards
from espnet_av.data.stretch import Stretch
from espnet_av.dump.config import DumpConfig
from espnet_av.dump.stage import finish_dump, plan_dump
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.media.video import write_video

PLAIN = DatasetConfig(film_size=16, max_dropped_ratio=1)
RATES = {0: 25, 1: 50, 2: 12.5, 5: 30}


@pytest.fixture
def with_films(corpus, tmp_path: Path) -> Path:
    """Films of four utterances, each 2 s long at its own rate and size; that of `s2-6` is none."""
    data, rows = read_data_dir(corpus.data_dir), {}
    for number, utt_id in enumerate(data.utt_ids):
        path = tmp_path / f"{utt_id}.film.mp4"
        if number in RATES:
            count = round(2 * RATES[number])
            frames = np.zeros((count, 32 + 16 * number, 64, 3), np.uint8)
            frames[..., 0] = np.linspace(0, 250, count)[:, None, None]
            write_video(path, frames, fps=RATES[number])
            rows[utt_id] = str(path)
    (tmp_path / "none.mp4").write_text("no film")
    rows["s2-6"] = str(tmp_path / "none.mp4")
    write_data_dir(corpus.data_dir, {**data.tables, "film.scp": rows}, data.ctm)
    return corpus.data_dir


def dump(corpus, out: Path, **settings) -> Path:
    config = DumpConfig(**{"shard_utts": 3, "max_dropped_ratio": 0.5, **settings})
    shards = plan_dump(corpus.data_dir, corpus.roi_dir, out, config)
    write_shards(shards, 1, 1)
    finish_dump(shards)
    return out


def test_from_data_dir_to_batch(with_films: Path, corpus, tmp_path: Path, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        out = dump(corpus, tmp_path / "dump")
    assert "film.scp: s2-6: left out of the dump" in caplog.text
    # A film that ends early, or goes on, is told: its last frame stays, or the rest is not shown.
    assert "film.scp: s1-0: 2.00 s of an utterance of 1.00 s" in caplog.text
    assert (out / "dropped_film.tsv").read_text().splitlines()[1].startswith("s2-6\tunreadable")
    made = yaml.safe_load((out / "dump.yaml").read_text())
    assert made["arrays"] == {"film.scp": {"stored": 4, "utterances": 4}}
    # An utterance without is one all the same, and is left out where films are read.
    assert len(read_data_dir(out).utt_ids) == 7
    dataset = AVDataset(out, None, PLAIN, train=True, reads={"film"})
    assert [drop.reason for drop in dataset.dropped] == ["not in film.scp"] * 3
    batch = collate([dataset[index] for index in range(4)])
    film, lengths = batch.tensor("film"), batch.tensor("film_lengths")
    assert film is not None and lengths is not None and film.shape == (4, 30, 16, 16, 3)
    # As long as the sound and the mouth, whatever the rate of the film; red tells the time.
    assert lengths.tolist() == [25, 26, 27, 30] == batch.video_lengths.tolist()
    for row in range(4):
        for frame in (5, 20):
            assert abs(float(film[row, frame, 8, 8, 0]) - 250 * frame / 25 / 2) < 12
    plain = AVDataset(out, None, PLAIN)[0]
    assert "film" not in plain.fields and plain.video is not None
    own = DatasetConfig(film_size=8, film_hz=0)
    at_its_own = AVDataset(out, None, own, reads=["film"])[1].array("film")
    assert at_its_own is not None and at_its_own.shape == (52, 8, 8, 3)


def test_a_segment_has_its_own_frames_and_dumps_can_be_dumped(
    with_films: Path, corpus, tmp_path: Path
) -> None:
    data = read_data_dir(with_films)
    rows = {"wav.scp": {}, "film.scp": {}, "segments": {}, "utt2spk": {}}
    for name in ("s1-0", "s1-1"):
        rows["wav.scp"][name], rows["film.scp"][name] = (
            data.tables[table][name] for table in ("wav.scp", "film.scp")
        )
        for part in (0, 1):
            rows["segments"][f"{name}-{part}"] = f"{name} {0.4 * part} {0.4 * part + 0.4}"
            rows["utt2spk"][f"{name}-{part}"] = "s"
    write_data_dir(tmp_path / "parts", rows)

    def write(source: Path, out: Path) -> Path:
        shards = plan_dump(source, tmp_path / "none", out, DumpConfig(shard_utts=3))
        write_shards(shards, 1, 1)
        finish_dump(shards)
        return out

    out = write(tmp_path / "parts", tmp_path / "dump")
    assert sorted(read_data_dir(out).tables["film.scp"]) == sorted(rows["utt2spk"])
    again = write(out, tmp_path / "again")
    for folder in (out, again):
        dataset = AVDataset(folder, None, PLAIN, reads=["film"])
        red = [dataset[index].array("film")[0, 8, 8, 0] for index in range(4)]
        assert np.abs(np.array(red, float) - [0, 50, 0, 50]).max() < 12


def test_another_film_makes_another_dump(with_films: Path, corpus, tmp_path: Path) -> None:
    shards = plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
    write_shards(shards, 1, 1)
    assert shards[0].read_record() is not None
    film = Path(read_data_dir(with_films).tables["film.scp"]["s1-0"])
    write_video(film, np.zeros((50, 32, 64, 3), np.uint8))
    shards = plan_dump(corpus.data_dir, corpus.roi_dir, tmp_path / "dump", DumpConfig())
    assert shards[0].read_record() is None


def test_a_set_without_films_is_said_to_be_so(corpus, tmp_path: Path) -> None:
    out = dump(corpus, tmp_path / "dump")
    with pytest.raises(DataDirError, match=r"film\.scp: no such file, the set has mouth clips"):
        AVDataset(out, None, PLAIN, reads=["film"])
    assert not list(out.glob("*film*"))


def test_recordings_that_are_not_there_are_named(with_films: Path, corpus, tmp_path: Path) -> None:
    data = read_data_dir(with_films)
    rows = {**data.tables["film.scp"], "other": "x.mp4"}
    with pytest.raises(DataDirError, match=r"film\.scp: other: not in utt2spk"):
        write_data_dir(tmp_path / "d", {**data.tables, "film.scp": rows}, data.ctm)


@pytest.mark.parametrize(
    ("changes", "stored", "wanted", "numbers"),
    [
        ({"length": 4}, 25.0, 25.0, [0, 1, 2, 3]),
        ({"length": 4}, 50.0, 25.0, [0, 2, 4, 6]),
        ({"length": 4}, 12.5, 25.0, [0, 1, 1, 2]),
        ({"length": 4}, 50.0, 50.0, [0, 1, 2, 3, 4, 5, 6, 7]),
        ({"length": 4, "speed": 2.0}, 25.0, 25.0, [0, 2, 4, 6]),
        ({"length": 9, "stretch": Stretch(5, 8)}, 25.0, 25.0, [5, 6, 7]),
        ({"length": 9, "stretch": Stretch(5, 8)}, 50.0, 25.0, [10, 12, 14]),
        ({"length": 1}, 1.0, 1.0, [0]),
    ],
)
def test_frames_of_a_stretch(make_draw, changes, stored, wanted, numbers) -> None:
    draw = make_draw(**changes)
    found = frame_numbers(frame_times(draw, wanted), draw.speed, stored)
    assert found.tolist() == numbers


@pytest.mark.parametrize(
    ("changes", "count", "span", "expected"),
    [
        ({"length": 50}, 4, "uniform", [0.25, 0.75, 1.25, 1.75]),
        ({"length": 100, "stretch": Stretch(50, 100)}, 4, "uniform", [2.25, 2.75, 3.25, 3.75]),
        ({"length": 1}, 2, "uniform", [0.01, 0.03]),
        ({"length": 50}, 4, "clip", [0.8, 0.9, 1.0, 1.1]),  # of 0.4 s, in the middle
        ({"length": 100, "stretch": Stretch(50, 100)}, 4, "clip", [2.8, 2.9, 3.0, 3.1]),
        # Shorter than the clip: the last frame stays.
        ({"length": 5}, 4, "clip", [0.0, 0.1, 0.1, 0.1]),
        ({"length": 1}, 3, "clip", [0.0, 0.0, 0.0]),
    ],
)
def test_a_number_of_frames(make_draw, changes, count, span, expected) -> None:
    times = frame_times(make_draw(**changes), 10.0, count, span)
    assert times.tolist() == pytest.approx(expected)


def test_clips_of_training_lie_anywhere(make_draw) -> None:
    generator = np.random.default_rng(0)
    draw = make_draw(length=100, stretch=Stretch(25, 100))
    firsts = [frame_times(draw, 10.0, 4, "clip", generator)[0] for _ in range(200)]
    assert 1.0 <= min(firsts) < 1.2 and 3.4 < max(firsts) <= 3.6


def test_films_of_one_length_for_a_model(with_films: Path, corpus, tmp_path: Path, caplog) -> None:
    """Any number of frames of any utterance; in training a random part, mirrored or not."""
    out = dump(corpus, tmp_path / "dump")
    config = build(
        DatasetConfig,
        {
            "film_size": 16,
            "film_frames": 16,
            "video_span": "clip",
            "film_hz": 15,
            "film_crop_scale": [0.5, 1.0],
            "max_dropped_ratio": 1,
        },
    )
    with caplog.at_level(logging.WARNING):
        dataset = AVDataset(out, None, config, train=True, reads={"film"})
    assert "2 of 4 utterances are shorter than a clip of 16 frames at 15 Hz (1.07 s)" in caplog.text
    assert (
        collate([dataset[index] for index in range(4)]).tensor("film_lengths").tolist() == [16] * 4
    )
    drawn = [dataset.sample(3, epoch, 0).array("film") for epoch in (0, 0, 1)]
    assert np.array_equal(drawn[0], drawn[1]) and not np.array_equal(drawn[0], drawn[2])
    plain = DatasetConfig(film_size=16, film_frames=5, film_crop_scale=(0.5, 1.0))
    tested = [AVDataset(out, None, plain, reads={"film"})[3].array("film") for _ in range(2)]
    assert tested[0].shape == (5, 16, 16, 3) and np.array_equal(*tested)
    red = tested[0][:, 8, 8, 0].astype(float)
    assert np.abs(red - 250 / 2 * 1.2 * (np.arange(5) + 0.5) / 5).max() < 12


@pytest.mark.parametrize(
    "wrong",
    [
        {"film_frames": -1},
        {"film_crop_scale": (1.0, 0.5)},
        {"film_crop_scale": (0.0, 1.0)},
        {"film_crop_scale": (0.5, 1.5)},
        {"film_crop_ratio": (1.3, 0.7)},
        {"film_crop_ratio": (0.0, 0.7)},
    ],
)
def test_parts_of_films_that_make_no_sense(wrong) -> None:
    with pytest.raises(ConfigError, match=r"film_frames .*the lower bound first"):
        DatasetConfig(**wrong)


@pytest.mark.parametrize("wrong", [{"film_size": 0}, {"film_hz": -1.0}, {"film_hz": 1000.0}])
def test_sizes_and_rates_that_make_no_sense(wrong) -> None:
    with pytest.raises(ConfigError, match=r"film_size .* at least 1, film_hz .* from 0 to 120"):
        DatasetConfig(**wrong)
