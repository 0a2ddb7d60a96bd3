"""`espnet-av abx` as a phonetician uses it: scores, cells, pictures, and faults that are named."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from oracles.abx_set import features, items, write_set

from espnet_av.bin import abx
from espnet_av.score.abx.items import write_items


@pytest.fixture
def folder(tmp_path):
    write_set(tmp_path / "set")
    return tmp_path / "set"


def run(folder, *more, hz="50", features=None):
    arguments = ["--features", *map(str, features or [folder])]
    arguments += ["--items", str(folder / "set.item"), "--frame_hz", hz, "--num_resamples", "50"]
    abx.main([*arguments, *map(str, more)])


def fails(folder, message, *more, **options):
    with pytest.raises(SystemExit, match=message):
        run(folder, *more, **options)


def test_scores_cells_and_what_is_printed(folder, tmp_path, capsys):
    out, cells = tmp_path / "scores.json", tmp_path / "cells.tsv"
    run(folder, "--max_size_group", "all", "--output", out, "--cells", cells)
    scores = json.loads(out.read_text(encoding="utf-8"))
    assert scores["error_rate"] == pytest.approx(0.4382716, abs=1e-6)
    assert scores["layers"]["set"]["num_cells"] == 36
    assert scores["levels"] == ["context", "speaker", "ordered pair of phones"]
    assert scores["options"]["slice"] == "correct" and scores["frame_hz"] == "50"
    assert scores["num_items"] == scores["num_compared"] == 48 and scores["dropped"] == {}
    assert len(scores["items_sha256"]) == 64
    rows = [line.split("\t") for line in cells.read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 37 and rows[0][:3] == ["layer", "a", "b"]
    assert np.mean([float(row[6]) for row in rows[1:]]) == pytest.approx(0.4382716, abs=1e-6)
    printed = capsys.readouterr().out
    assert "set: ABX error 43.827 %" in printed and "36 cells, 432 triplets" in printed
    assert "WARNING: fewer than 1000 cells" in printed
    assert f"-> {out}" in printed


def test_layers_and_a_picture(folder, tmp_path, capsys):
    other = tmp_path / "other"
    write_set(other)
    for name, values in features().items():
        np.save(other / f"{name}.npy", -(values**3))
    out, picture = tmp_path / "scores.json", tmp_path / "abx.png"
    run(folder, "--speaker", "across", "--output", out, "--picture", picture,
        features=[folder, other])  # fmt: skip
    scores = json.loads(out.read_text(encoding="utf-8"))
    rates = {name: layer["error_rate"] for name, layer in scores["layers"].items()}
    assert set(rates) == {"set", "other"} and rates["set"] != rates["other"]
    assert scores["layer"] == min(rates, key=rates.get)
    assert picture.read_bytes().startswith(b"\x89PNG") and picture.stat().st_size > 10_000
    assert "set: ABX error" in capsys.readouterr().out


def test_dropped_items_are_listed(folder, tmp_path, capsys):
    more = folder / "set.item"
    with more.open("a", encoding="utf-8") as stream:
        stream.write("f0 0.3101 0.3299 AA B D s1\nf0 1.15 1.2101 AA B D lonely\n")
    out = tmp_path / "scores.json"
    run(folder, "--output", out)
    scores = json.loads(out.read_text(encoding="utf-8"))
    assert scores["dropped"] == {"no frame": 1}
    assert scores["dropped_items"] == [[f"{more}:50: AA of f0, 0.3101 to 0.3299 s", "no frame"]]
    assert scores["num_clipped"] == 1
    assert scores["speakers_without_cells"] == ["lonely"]
    printed = capsys.readouterr().out
    assert "dropped: 1 no frame; shortened by a frame" in printed
    assert "without any cell: talkers lonely" in printed
    fails(folder, r"1 of 50 items cannot be used .*no frame", "--max_dropped", "0.01")


def test_threads_change_nothing(folder, tmp_path):
    found = []
    for threads in ("1", "3"):
        run(folder, "--num_threads", threads, "--output", tmp_path / "s.json")
        scores = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
        found.append(scores["layers"])
    assert found[0] == found[1]


def test_talkers_that_look_like_numbers_are_text(folder, tmp_path):
    names = {"s1": "01", "s2": "1", "s3": "001"}
    renamed = [i.__class__(**{**vars(i), "speaker": names[i.speaker]}) for i in items()]
    write_items(folder / "set.item", renamed)
    run(folder, "--max_size_group", "all", "--output", tmp_path / "s.json")
    scores = json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert set(scores["layers"]["set"]["by_speaker"]) == {"01", "1", "001"}
    assert scores["error_rate"] == pytest.approx(0.4382716, abs=1e-6)


@pytest.mark.parametrize("frame", [0, 17, 50])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite(folder, frame, value):
    values = features()["f0"].astype(np.float64)
    values[frame, 2] = value
    np.save(folder / "f0.npy", values)
    if frame == 0:
        run(folder)  # no item has that frame
    else:
        fails(folder, rf"f0\.npy: frame {frame}, number 2 is {value}")
        fails(folder, rf"f0\.npy: frame {frame}, number 2", "--speaker", "across")


def test_numbers_beyond_float32(folder):
    np.save(folder / "f0.npy", 1e300 * features()["f0"].astype(np.float64))
    fails(folder, r"f0\.npy: frame 3, .* beyond float32")


def test_bad_input_is_named(folder, tmp_path):
    fails(folder, r"--frame_hz 100 does not fit the features: most files have about", hz="100")
    fails(folder, r"--frame_hz 25 does not fit", hz="25")
    fails(folder, "expected frames a second", hz="fifty")
    fails(folder, "max_size_group is 1; at least 2", "--max_size_group", "1")
    fails(folder, "--max_x_across x: a whole number, or all", "--max_x_across", "x")
    fails(folder, "--num_threads 0: from 1", "--num_threads", "0")
    fails(folder, "is no distribution", "--distance", "kl")
    fails(folder, "is given twice", features=[folder, folder])
    (folder / "f3.npy").unlink()
    fails(folder, r"f3: no features of that name \(1 of 6 files")
    (tmp_path / "empty").mkdir()
    fails(folder, "empty: expected", features=[tmp_path / "empty"])
    np.save(tmp_path / "empty" / "other.npy", np.ones((3, 3)))
    fails(folder, "none of the 6 files of the items is there", features=[tmp_path / "empty"])


def test_durations_are_checked(folder, tmp_path):
    table = tmp_path / "utt2dur"
    table.write_text("".join(f"f{n} 1.21\n" for n in range(6)))
    run(folder, "--durations", table)
    table.write_text("".join(f"f{n} 0.605\n" for n in range(6)))
    fails(folder, "f0: 60 frames for 0.605 s", "--durations", table)
    table.write_text("f0 long\n")
    fails(folder, "f0: 'long' is no duration", "--durations", table)


def test_layers_with_other_frames(folder, tmp_path):
    other = tmp_path / "other"
    write_set(other)
    np.save(other / "f2.npy", features()["f2"][:59])
    fails(folder, "f2: 59 frames in other, 60 in set", features=[folder, other])


def test_help_needs_neither_torch_nor_numba():
    code = (
        "import sys; from espnet_av.bin import abx\n"
        "try: abx.main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('torch', 'numba', 'matplotlib', 'scipy') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.endswith("[]\n") and "espnet-av abx" in run.stdout


@pytest.mark.parametrize("option", ["--output", "--cells", "--picture"])
def test_outputs_that_would_destroy_or_cannot_be(folder, tmp_path, option):
    before = (folder / "set.item").read_bytes()
    fails(folder, f"{option} .*set.item: is the input as well", option, folder / "set.item")
    fails(folder, f"{option} .*f0.npy: would be taken for features", option, folder / "f0.npy")
    fails(folder, f"{option} .*set: is a folder", option, folder)
    (tmp_path / "file").write_text("")
    fails(folder, f"{option} .*/file/x/y: .*/file cannot be written", option, tmp_path / "file/x/y")
    assert (folder / "set.item").read_bytes() == before
    fails(folder, "is --output as well", "--output", tmp_path / "x", "--cells", tmp_path / "x")


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seed", "-1"), ("--num_resamples", "0"), ("--max_size_group", "9" * 5000)],
)
def test_numbers_that_nothing_can_be_drawn_with(folder, option, value):
    fails(folder, "abx: ConfigError: .*(at least|whole number)", option, value)


def test_sizes_of_numbers_move_nothing_and_zeros_are_told(folder, tmp_path, caplog):
    rates = []
    for size in (1, 1e25, 1e-25):
        for name, values in features().items():
            np.save(folder / f"{name}.npy", (size * values).astype(np.float32))
        for distance in ("angular", "euclidean"):
            run(folder, "--distance", distance, "--output", tmp_path / "s.json")
            rates.append(json.loads((tmp_path / "s.json").read_text())["error_rate"])
    assert rates[2:4] == rates[4:] == rates[:2]
    assert "frames are zeros" not in caplog.text
    for name, values in features().items():
        np.save(folder / f"{name}.npy", 0 * values)
    run(folder, "--output", tmp_path / "s.json")
    assert json.loads((tmp_path / "s.json").read_text())["error_rate"] == 0.5
    assert "frames are zeros, which have no direction" in caplog.text


def test_discrete_features_score_alike_whatever_the_phones_are_called(folder, tmp_path):
    draw = np.random.default_rng(0)
    for name in features():
        np.save(folder / f"{name}.npy", np.eye(5, dtype=np.float32)[draw.integers(0, 5, 60)])
    rates = []
    for names in (("AA", "IY", "UW"), ("z", "m", "a")):
        renamed = dict(zip(("AA", "IY", "UW"), names, strict=True))
        write_items(folder / "set.item", [replace(i, phone=renamed[i.phone]) for i in items()])
        for distance in ("angular", "euclidean", "kl"):
            run(folder, "--distance", distance, "--max_size_group", "all", "--context", "any",
                "--output", tmp_path / "s.json")  # fmt: skip
            rates.append(json.loads((tmp_path / "s.json").read_text())["error_rate"])
    # All distances of one-hot frames are 0 or one number, so their order is one, too.
    assert rates == pytest.approx([rates[0]] * 6, abs=1e-12)
