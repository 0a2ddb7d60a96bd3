"""All sound is heard: with the picture where there is one, by itself elsewhere."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
import soundfile
from av.stream import Disposition
from media_samples import tone
from track_samples import picture, sound, write

from espnet_av.bin import transcribe
from espnet_av.errors import MediaError
from espnet_av.speech2text import Speech2Text
from espnet_av.speech2text.picture import PictureSpan, find_picture, plan_file


def spans(windows):
    return [(w.start, w.end, w.has_picture) for w in windows]


def speech(num_frames):
    return np.random.default_rng(0).normal(0, 0.1, num_frames * 640).astype(np.float32)


@pytest.mark.parametrize("num_heard", [75, 63, 87, 20])
def test_a_film_in_step_is_one_window_without_bounds(num_heard):
    assert spans(plan_file(PictureSpan(0, 75), 500, speech(num_heard))) == [(0.0, None, True)]


def test_sound_that_goes_on_after_the_picture():
    windows = spans(plan_file(PictureSpan(0, 75), 500, speech(300)))
    assert windows == [(0.0, 3.0, True), (3.0, None, False)]


def test_a_picture_that_begins_late_and_ends_early():
    windows = spans(plan_file(PictureSpan(25, 75), 500, speech(300)))
    assert windows == [(0.0, 1.0, False), (1.0, 3.0, True), (3.0, None, False)]
    windows = spans(plan_file(PictureSpan(25, 75), 500, speech(75)))
    assert windows == [(0.0, 1.0, False), (1.0, None, True)]


def test_a_word_at_the_border_is_heard_by_both():
    """Said while the picture begins, and while it ends; elsewhere it is quiet."""
    wave = 0.003 * speech(300)
    for frame in (25, 75):
        wave[(frame - 8) * 640 : (frame + 8) * 640] *= 300
    windows = spans(plan_file(PictureSpan(25, 75), 500, wave))
    assert windows == [(0.0, 2.0, False), (1.0, 3.0, True), (2.0, None, False)]
    windows = spans(plan_file(PictureSpan(50, 90), 500, wave))
    assert windows == [(0.0, 2.0, False), (2.0, 3.6, True), (3.6, None, False)]
    windows = plan_file(PictureSpan(0, 75), 40, wave)
    assert max((w.end or 12.0) - w.start for w in windows) <= 1.6


def test_no_picture_and_no_sound():
    assert spans(plan_file(None, 500, speech(80))) == [(0.0, None, False)]
    assert spans(plan_file(PictureSpan(25, 75), 500, None)) == [(0.0, None, True)]


def test_long_parts_are_cut_and_join():
    windows = plan_file(PictureSpan(100, 400), 90, speech(700))
    assert [w.end for w in windows[:-1]] == [w.start for w in windows[1:]]
    borders = [round(w.start * 25) for w in windows] + [700]
    assert max(np.diff(borders)) <= 90 and {100, 400} < set(borders)
    assert [w.has_picture for w in windows] == [100 <= b < 400 for b in borders[:-1]]
    assert all(w.start == round(w.start * 25) / 25 for w in windows), "no rounding adds up"


@pytest.mark.parametrize(("late_sec", "first"), [(0.0, 0), (0.4, 0), (1.0, 25)])
def test_where_the_picture_is(tmp_path, late_sec, first):
    path = write(tmp_path / "a.mkv", picture(50, late_sec=late_sec), sound(seconds=4.0))
    found = find_picture(path)
    assert found.first == pytest.approx(first, abs=1)
    assert found.end == pytest.approx(50 + 25 * late_sec, abs=1)


@pytest.fixture(scope="module")
def speech2text(packed_run):
    return Speech2Text.from_pretrained(packed_run.zip, max_window_sec=4.0)


def stretches(transcript):
    return [(passage.start, passage.end) for passage in transcript.passages]


def test_a_film_whose_picture_ends_early(speech2text, tmp_path, caplog):
    path = write(tmp_path / "a.mp4", picture(40), sound(seconds=7.0, fs=16000))
    both = stretches(speech2text(video_path=path))
    assert both[0] == (0.0, 1.6) and both[-1][1] == pytest.approx(7.0, abs=0.1)
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(both))
    assert "a.mp4: no picture from 1.6 s to the end; by sound alone there" in caplog.text
    assert stretches(speech2text(video_path=path, mode="v")) == [(0.0, 1.6)]


def test_a_film_whose_picture_begins_late(speech2text, tmp_path, caplog):
    path = write(tmp_path / "a.mkv", picture(40, late_sec=1.0), sound(seconds=2.6, fs=16000))
    assert stretches(speech2text(video_path=path)) == [
        (0.0, pytest.approx(1.0, abs=0.09)),
        (pytest.approx(1.0, abs=0.09), pytest.approx(2.6, abs=0.05)),
    ]
    assert "a.mkv: no picture from 0 s to " in caplog.text


def test_sound_and_picture_of_two_files(speech2text, tmp_path):
    film = write(tmp_path / "a.mp4", picture(30))
    soundfile.write(tmp_path / "a.wav", tone(3.0), 16000)
    found = speech2text(video_path=film, audio_path=tmp_path / "a.wav")
    assert stretches(found) == [(0.0, 1.2), (1.2, 3.0)]


@pytest.mark.parametrize("name", ["a.wav", "a.mp4"])
def test_sound_without_a_film_is_heard(speech2text, tmp_path, name, caplog):
    if name == "a.wav":
        path = tmp_path / name
        soundfile.write(path, tone(2.0), 16000)
    else:
        cover = picture(1, Disposition.attached_pic, "mjpeg")
        path = write(tmp_path / name, sound(seconds=2.0, fs=16000), cover)
    found = speech2text(video_path=path)
    assert stretches(found) == [(0.0, pytest.approx(2.0, abs=0.1))]
    assert "no picture" not in caplog.text, "nobody asked for one"
    assert found == speech2text(video_path=path, mode="a")
    assert found == speech2text(video_path=path, mode="av")
    assert f"{name}: no picture from 0 s to the end; by sound alone" in caplog.text
    with pytest.raises(MediaError, match=rf"{name}: no picture in it .* mode 'a'"):
        speech2text(video_path=path, mode="v")


def test_the_end_of_an_mpg_is_recognised(speech2text, tmp_path):
    film = picture(80, codec="mpeg1video", options={"g": "12", "bf": "2", "qscale": "2"})
    path = write(tmp_path / "a.mpg", film, sound(codec="mp2", seconds=3.2))
    for mode in ("av", "v", "a"):
        found = stretches(speech2text(video_path=path, mode=mode))
        assert found[-1][1] == pytest.approx(3.2, abs=0.09)


def test_command_says_what_was_given(packed_run, tmp_path, capsys):
    gone, out = str(tmp_path / "gone.wav"), str(tmp_path / "out.json")
    options = ["--model", str(packed_run.zip), "--format", "json", "--output", out]
    assert transcribe.main([*options, gone]) == 1
    error = capsys.readouterr().err
    assert f"{gone}: no such file" in error and ".scp" not in error and "segments" not in error
    soundfile.write(tmp_path / "a.wav", tone(1.0), 16000)
    assert transcribe.main([*options, str(tmp_path / "a.wav")]) == 0
    assert json.loads((tmp_path / "out.json").read_text())["passages"][0]["end"] == 1.0
