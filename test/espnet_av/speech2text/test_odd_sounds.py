"""Sounds as they come: short, empty, at any rate, and models that lack a sense."""

from __future__ import annotations

import wave
from types import SimpleNamespace

import av
import numpy as np
import pytest
import yaml
from oracles.films import write_film
from oracles.recogniser_folders import write_recogniser

from espnet_av.bin import transcribe
from espnet_av.errors import ConfigError, MediaError
from espnet_av.media.video import write_video
from espnet_av.roi.config import RoiConfig
from espnet_av.speech2text import Speech2Text
from espnet_av.speech2text.modes import usable_mode
from espnet_av.speech2text.sound import read_sound

ROI = RoiConfig(tracker="fixed", size=20, encoding="jpeg")


def write(path, num_samples, rate=16000, channels=1):
    tone = 0.2 * np.sin(2 * np.pi * 440 * np.arange(num_samples) / rate)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(np.repeat(tone * 32767, channels).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def heard(packed_run):
    return Speech2Text.from_pretrained(packed_run.zip, max_window_sec=20.0)


@pytest.mark.parametrize("num_samples", [640, 641, 1600, 7999, 8000, 20000])
def test_short_sound_without_a_picture_is_kept_whole(heard, tmp_path, num_samples):
    path = write(tmp_path / "x.wav", num_samples)
    assert len(read_sound(path, fit_to_picture=True)) == num_samples
    by_sound, both = heard(path, mode="a"), heard(path, mode="av")
    assert by_sound == both
    assert by_sound.passages[0].end == pytest.approx(num_samples // 640 / 25)


@pytest.mark.parametrize("mode", ["a", "av"])
@pytest.mark.parametrize(
    ("num_samples", "message"),
    [
        (639, r"x\.wav: 0\.0399 s of sound, less than one frame \(0\.04 s\)"),
        (1, r"x\.wav: 0\.0001 s of sound"),
        (0, r"x\.wav: no sound "),
    ],
)
def test_sound_that_is_no_sound(heard, tmp_path, num_samples, message, mode):
    with pytest.raises(MediaError, match=message):
        heard(write(tmp_path / "x.wav", num_samples), mode=mode)


@pytest.mark.parametrize(
    ("rate", "channels"), [(96000, 2), (44100, 2), (8000, 1), (16000, 1), (48000, 6)]
)
def test_any_rate_and_channels(heard, tmp_path, rate, channels):
    path = write(tmp_path / "x.wav", rate * 2, rate, channels)
    speech = read_sound(path, fit_to_picture=False)
    assert len(speech) == pytest.approx(32000, abs=2)
    spectrum = np.abs(np.fft.rfft(speech[:32000]))
    assert spectrum.argmax() == pytest.approx(880, abs=1)
    assert heard(path, mode="a").passages[-1].end == pytest.approx(2.0, abs=0.041)


def test_a_film_without_sound_is_read_by_its_lips(heard, tmp_path):
    write_film(tmp_path / "film.mp4", seed=3, num_frames=30)
    frames = np.random.default_rng(0).integers(0, 255, (30, 32, 32), np.uint8)
    write_video(tmp_path / "silent.mp4", frames, 25)
    with av.open(str(tmp_path / "silent.mp4")) as file:
        assert not file.streams.audio
    (passage,) = heard(tmp_path / "silent.mp4", mode="v").passages
    assert passage.end == pytest.approx(30 / 25)
    with pytest.raises(MediaError, match=r"silent\.mp4.*no audio"):
        heard(tmp_path / "silent.mp4", mode="a")


def model(audio="log_mel", visual="resnet"):
    config = SimpleNamespace(audio_frontend=audio, visual_frontend=visual)
    return SimpleNamespace(config=config)


def test_a_mode_that_the_model_has_no_sense_for(caplog):
    for mode in ("av", "a", "v"):
        assert usable_mode(mode, model()) == mode
    assert usable_mode("av", model(visual="none")) == "a"
    assert "trained without visual_frontend: mode 'a'" in caplog.text
    assert usable_mode("av", model(audio="none")) == "v"
    assert usable_mode("a", model(visual="none")) == "a"
    with pytest.raises(ConfigError, match=r"mode 'v': .* without visual_frontend; take mode 'a'"):
        usable_mode("v", model(visual="none"))
    with pytest.raises(ConfigError, match=r"mode 'a': .* without audio_frontend; take mode 'v'"):
        usable_mode("a", model(audio="none"))


def test_a_model_of_sound_alone_is_asked_for_lips(tiny_run, tmp_path, capsys):
    exp = tmp_path / "exp"
    changes = {"visual_frontend": "none", "visual_frontend_conf": {}, "fusion": "none"}
    write_recogniser(exp, tiny_run.root / "tokens", "ctc", **changes)
    film = tmp_path / "film.mp4"
    write_film(film, seed=3, num_frames=30)
    (tmp_path / "roi.yaml").write_text(yaml.safe_dump({"tracker": "fixed"}))
    with pytest.raises(SystemExit, match="mode 'v': this model was trained without visual"):
        transcribe.main(["--model", str(exp), "--mode", "v", str(film)])
    texts = []
    for mode in ("a", "av"):
        assert transcribe.main(["--model", str(exp), "--mode", mode, str(film)]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]
