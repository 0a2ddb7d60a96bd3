"""The benchmark of reading films runs, and stops when two ways give other pictures."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from espnet_av.media.video import write_video


@pytest.fixture
def films(tmp_path):
    """Two short films of slow, smooth colours, larger than what is stored."""
    x, y = np.meshgrid(np.arange(320), np.arange(240))
    for number in range(2):
        waves = [127 + 90 * np.sin(x / 40 + y / 60 + k / 9 + number) for k in range(24)]
        frames = np.stack([np.stack([w, w[::-1], w[:, ::-1]], axis=-1) for w in waves])
        write_video(tmp_path / f"{number}.mp4", frames.astype(np.uint8), 25)
    return tmp_path


def arguments(films, *more):
    return ["bench", "--film_dir", str(films), "--num_films", "1", "--rounds", "1", *more]


def test_writes_a_table_for_each_length(bench, films, monkeypatch, capsys):
    out = films / "page.md"
    monkeypatch.setattr(sys, "argv", arguments(films, "--joined", "1", "2", "--out", str(out)))
    bench.main()
    page = out.read_text()
    assert page in capsys.readouterr().out
    assert "1 films of 1.0 s" in page and "1 films of 1.9 s" in page
    for way in ("archive, JPEG", "archive, H.264, groups of 8, crf 18", "mp4, PyAV", "mp4, cv2"):
        assert page.count(f"| {way} |") == 2


def test_other_pictures_stop_it(bench, films, monkeypatch):
    monkeypatch.setattr(sys, "argv", arguments(films, "--joined", "1"))
    late = lambda path, numbers: bench.read_whole(path)[0][-len(numbers) :]  # noqa: E731
    monkeypatch.setitem(bench.FROM_FILES, "mp4, cv2", late)
    with pytest.raises(AssertionError, match="pictures differ"):
        bench.main()
