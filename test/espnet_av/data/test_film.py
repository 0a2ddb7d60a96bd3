"""Films in archives: colours, sizes, any frame alone, cuts, and what is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter
from espnet_av.data.film import film_of, pack_film, read_film
from espnet_av.errors import ArkError, MediaError
from espnet_av.media.video import write_video


def colours(count: int, height: int = 48, width: int = 64) -> np.ndarray:
    """Each frame a colour of its own: red grows, blue falls."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[..., 0] = np.linspace(20, 220, count)[:, None, None]
    frames[..., 2] = np.linspace(220, 20, count)[:, None, None]
    return frames


def store(path: Path, *films: tuple[str, np.ndarray, float]) -> list[str]:
    with ArkWriter(path) as ark:
        pointers = [ark.write_film(n, film_of(f, hz).payload(), 1.0) for n, f, hz in films]
    return [str(path.parent / pointer) for pointer in pointers]


def test_frames_come_back_in_their_colours_and_in_any_order(tmp_path: Path) -> None:
    frames = colours(10)
    first, second = store(tmp_path / "f.ark", ("a", frames, 25.0), ("b", frames[:3], 29.97))
    film = read_film(first, "a")
    assert (film.rate_hz, film.height, film.width, len(film.jpegs)) == (25.0, 48, 64, 10)
    shown = film.frames([9, 0, 0])
    assert shown[1] is shown[2]
    for number, picture in zip([9, 0], shown, strict=False):
        assert np.abs(picture.astype(int) - frames[number]).max() <= 4
    assert read_film(second).rate_hz == 29.97 and film.seconds == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("size", "stored"),
    [
        ((448, 896), (224, 448)), ((1000, 300), (747, 224)), ((100, 60), (100, 60)),
        ((224, 225), (224, 225)), ((1, 1), (1, 1)), ((3, 500), (3, 500)),
    ],
)  # fmt: skip
def test_large_films_are_made_smaller_and_keep_their_shape(size, stored) -> None:
    film = film_of(colours(2, *size), 25.0)
    assert (film.height, film.width) == stored == film.frames([1])[0].shape[:2]


def test_files_are_packed_at_their_own_rate_and_cut(tmp_path: Path) -> None:
    frames = colours(60)
    write_video(tmp_path / "a.mp4", frames, fps=30)
    with ArkWriter(tmp_path / "f.ark") as ark:
        whole = pack_film(ark, "a", str(tmp_path / "a.mp4"), 0.0, None, 224)
        part = pack_film(ark, "b", str(tmp_path / "a.mp4"), 0.5, 1.0, 32)
    film = read_film(f"{tmp_path}/{whole}")
    assert (film.rate_hz, len(film.jpegs)) == (30.0, 60)
    cut = read_film(f"{tmp_path}/{part}")
    assert len(cut.jpegs) == 15
    assert cut.frames([0])[0].shape == (32, 43, 3)
    assert np.abs(cut.frames([0])[0].astype(int) - frames[15, 0, 0]).mean() < 6
    with ArkWriter(tmp_path / "g.ark") as ark:
        again = pack_film(ark, "c", f"{tmp_path}/{whole}", 0.5, 1.0, 48)
        less = pack_film(ark, "e", f"{tmp_path}/{whole}", 0.5, 1.0, 32)
        with pytest.raises(ArkError, match="d: no frame from 9 s on; correct segments"):
            pack_film(ark, "d", f"{tmp_path}/{whole}", 9.0, 10.0, 224)
    assert read_film(f"{tmp_path}/{again}").jpegs == film.jpegs[15:30]
    small = read_film(f"{tmp_path}/{less}")
    assert (small.height, small.width, len(small.jpegs)) == (32, 43, 15)
    assert np.abs(small.frames([14])[0].astype(int) - frames[29, 0, 0]).mean() < 6


def test_what_is_no_film_is_named(tmp_path: Path) -> None:
    with ArkWriter(tmp_path / "v.ark") as ark:
        clip = ark.write_clip("a", np.zeros((3, 8, 8), np.uint8))
        sound = ark.write_audio("b", np.zeros(9, np.int16), 16000)
        short = ark.write_film("c", b"12345", 1.0)
        damaged = ark.write_film("d", film_of(colours(3), 25.0).payload()[:-7], 1.0)
        no_rate = ark.write_film("e", film_of(colours(3), float("nan")).payload(), 1.0)
        empty = ark.write_film("f", film_of([], 25.0).payload(), 1.0)
    with pytest.raises(ArkError, match="a grey mouth clip, where a film in colour is expected"):
        read_film(f"{tmp_path}/{clip}", "a")
    with pytest.raises(ArkError, match="'AUDIO', where a film"):
        read_film(f"{tmp_path}/{sound}", "b")
    for pointer in (short, damaged, no_rate, empty):
        with pytest.raises(ArkError, match=r"the film is damaged .*run its stage again"):
            read_film(f"{tmp_path}/{pointer}")
    film = film_of(colours(3), 25.0)
    bad = type(film)(25.0, 48, 64, (film.jpegs[0], b"", film.jpegs[1][:40]))
    for number in (1, 2):
        with pytest.raises(ValueError, match=f"frame {number} is no picture of 64x48"):
            bad.frames([number])
    (tmp_path / "text.mp4").write_text("no film")
    with ArkWriter(tmp_path / "g.ark") as ark, pytest.raises(MediaError, match=r"text\.mp4"):
        pack_film(ark, "x", str(tmp_path / "text.mp4"), 0.0, None, 224)


@pytest.mark.parametrize("is_grey", [True, False])
def test_a_grey_film_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture, is_grey) -> None:
    frames = colours(12)
    if is_grey:
        frames = np.repeat(frames[..., :1], 3, axis=3)
    write_video(tmp_path / "a.mp4", frames[..., 0] if is_grey else frames, fps=25)
    with ArkWriter(tmp_path / "f.ark") as ark:
        pack_film(ark, "a", str(tmp_path / "a.mp4"), 0.0, None, 224)
    assert ("a.mp4 is grey, where colour is expected" in caplog.text) == is_grey


def test_one_frame_and_odd_shapes_are_films_like_others(tmp_path: Path) -> None:
    for number, size in enumerate([(2, 500), (500, 2), (48, 48)]):
        write_video(tmp_path / f"{number}.mp4", colours(1, *size), fps=25)
        with ArkWriter(tmp_path / f"{number}.ark") as ark:
            row = pack_film(ark, "a", str(tmp_path / f"{number}.mp4"), 0.0, None, 24)
        film = read_film(f"{tmp_path}/{row}", "a")
        assert len(film.jpegs) == 1 and film.frames([0])[0].shape[:2] == (film.height, film.width)
        assert min(film.height, film.width) == min(24, *size)
