"""Sound as it is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.data.readers.speech import SpeechReader
from espnet_av.data.stretch import Stretch
from espnet_av.errors import ArkError, ConfigError, DataDirError

WAVE = (np.arange(6000) % 200 - 100).astype(np.int16)


@pytest.fixture
def tables(tmp_path: Path) -> dict[str, dict[str, str]]:
    with ArkWriter(tmp_path / "a.ark") as ark:
        pointer = ark.write_audio("u", WAVE, 16000)
    return {"utt2spk": {"u": "s", "v": "s"}, "wav.scp": {"u": pointer}}


def test_fitted_to_the_video_and_cut(tables: Any, make_request: Any, make_draw: Any) -> None:
    plain = SpeechReader(make_request(tables)).read("u", make_draw())
    np.testing.assert_array_equal(plain, WAVE / np.float32(32768))
    fitted = SpeechReader(make_request({**tables, "utt2num_frames": {"u": "10"}}))
    whole = fitted.read("u", make_draw())
    assert whole.shape == (6400,) and not whole[6000:].any()
    part = fitted.read("u", make_draw(stretch=Stretch(2, 5)))
    np.testing.assert_array_equal(part, whole[2 * 640 : 5 * 640])


def test_nothing_for_lips_alone_or_without_sound(
    tables: Any, make_request: Any, make_draw: Any
) -> None:
    assert SpeechReader(make_request(tables, modalities="V")).read("u", make_draw()) is None
    assert SpeechReader(make_request(tables)).read("v", make_draw()) is None


def test_a_test_of_sound_needs_it_everywhere(tables: Any, make_request: Any) -> None:
    assert SpeechReader(make_request(tables)).lacking(()) == []
    with pytest.raises(DataDirError, match=r"wav.scp: 1 test utterances are missing, e.g. v"):
        SpeechReader(make_request(tables, modalities="A")).lacking(())
    partly = SpeechReader(make_request(tables, modalities="A", partial=True))
    assert [tuple(drop) for drop in partly.lacking(())] == [("v", "not in wav.scp", "")]
    assert partly.lacking({"v"}) == []


def test_noise_without_noises_is_refused(tables: Any, make_request: Any) -> None:
    asked = make_request(tables, condition=NoiseCondition("hum", 0.0))
    with pytest.raises(ConfigError, match="needs noises: pass --noise_dir"):
        SpeechReader(asked).check()
    noisy = replace(asked.config, noise_prob=0.1)
    with pytest.raises(ConfigError, match="noise_prob > 0 needs noises"):
        SpeechReader(make_request(tables, config=noisy, train=True)).check()
    SpeechReader(make_request(tables, config=noisy)).check()


def test_another_rate_is_refused(
    tmp_path: Path, tables: Any, make_request: Any, make_draw: Any
) -> None:
    with ArkWriter(tmp_path / "b.ark") as ark:
        tables["wav.scp"]["u"] = ark.write_audio("u", WAVE, 8000)
    with pytest.raises(ArkError, match="sound of 8000 Hz, dumps have 16000 Hz"):
        SpeechReader(make_request(tables)).read("u", make_draw())
