"""The table of synchrony: its cases, its measure, and the figures that it promises."""

import importlib.util
import re

import numpy as np
import pytest


@pytest.fixture
def measure(repo_root, monkeypatch):
    """tools/sync/measure.py, with its folder on the path as in a run."""
    folder = repo_root / "tools" / "sync"
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location("measure", folder / "measure.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cases_cover_containers_codecs_and_troubles(measure):
    cases = list(measure.all_cases())
    assert len(cases) >= 100
    assert {case.container for case in cases} == {
        "mp4", "mov", "mkv", "webm", "ts", "mpg", "avi", "flv"
    }  # fmt: skip
    sounds = {case.codecs[1] for case in cases}
    assert sounds == {"aac", "libmp3lame", "libopus", "ac3", "mp2", "pcm_s16le"}
    assert len({case.rate for case in cases}) >= 5
    assert {"hole in the sound", "VFR", "fragments", "slow clock"} <= {case.what for case in cases}


@pytest.mark.parametrize(("container", "what"), [("ts", "plain"), ("mkv", "VFR")])
def test_a_film_is_in_step(measure, tmp_path, container, what):
    (case, *_) = [c for c in measure.all_cases() if (c.container, c.what) == (container, what)]
    found = measure.measure(case, tmp_path / f"a.{container}")
    for part in (found.whole, found.segment):
        assert len(part) > 25
        assert np.abs(part).max() < 21.5


def test_an_offset_is_measured(measure, tmp_path, monkeypatch):
    (case, *_) = [c for c in measure.all_cases() if (c.container, c.what) == ("mkv", "plain")]
    read = measure.read_audio

    def late(path, *, start, end):
        wave = read(path, start=start, end=end)
        return np.concatenate([np.zeros(480, np.float32), wave])[: len(wave)]

    monkeypatch.setattr(measure, "read_audio", late)
    found = measure.measure(case._replace(rate=25), tmp_path / "a.mkv")
    assert np.median(found.whole) == pytest.approx(30, abs=1)


def test_the_page_keeps_its_promise(repo_root):
    page = (repo_root / "espnet_av/media/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| (\d+) \| (.*) \|$", page, re.MULTILINE)
    assert [row[0] for row in rows] == [
        "mp4", "mov", "mkv", "webm", "ts", "mpg", "avi", "flv", "all"
    ]  # fmt: skip
    assert int(rows[-1][1]) >= 100
    for name, _, cells in rows:
        figures = [float(cell) for cell in cells.split("|")]
        assert max(figures[0::2]) <= 5
        # Stamps in milliseconds may be half of one off.
        assert max(figures[1::2]) <= (21.5 if name in ("mkv", "webm", "flv", "all") else 21)
