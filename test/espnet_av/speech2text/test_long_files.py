"""What is said in a long file is written as if it had come in short ones."""

from __future__ import annotations

import json
import re
import wave

import numpy as np
import pytest
from oracles.tone_recogniser import WORDS, ToneModel, say

from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text import Speech2Text

WORD_SEC = 0.24


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    return train_tokenizer([" ".join(WORDS)], tmp_path_factory.mktemp("tokens"), "word", 0)


def recogniser(tokenizer, max_window_sec):
    parts = (tokenizer, DatasetConfig(), DecodeConfig(method="ctc_greedy"))
    return Speech2Text(
        ToneModel(tokenizer), *parts, RoiConfig(tracker="fixed"), max_window_sec=max_window_sec
    )


def write(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    return path


def sentences(count, seed=0):
    """Words and their starts: sentences of five words, a pause of half a second after each."""
    rng = np.random.default_rng(seed)
    words, starts, now = [], [], 0.3
    for _ in range(count):
        for word in rng.permutation(WORDS)[:5]:
            words.append(str(word))
            starts.append(round(now, 2))
            now += WORD_SEC + 0.04
        now = round(now + 0.52, 2)
    return words, starts, now


def one_breath(count, seed=0):
    """Words and their starts without any pause between them."""
    words = [str(word) for word in np.random.default_rng(seed).choice(WORDS, count)]
    return words, [round(0.2 + 0.28 * n, 2) for n in range(count)], 0.4 + 0.28 * count


@pytest.mark.parametrize("snr_db", [None, 15])
@pytest.mark.parametrize("spoken", [sentences(20), one_breath(150), sentences(3, 1)])
@pytest.mark.parametrize("window_sec", [2.0, 3.0, 8.0])
def test_every_word_is_there_once_and_in_time(tokenizer, tmp_path, spoken, window_sec, snr_db):
    words, starts, seconds = spoken
    samples = say(words, starts, seconds, WORD_SEC)
    if snr_db is not None:
        scale = np.sqrt(np.mean(samples**2) / 10 ** (snr_db / 10))
        samples = samples + np.random.default_rng(5).normal(0, scale, len(samples))
        samples = samples.clip(-1, 1).astype(np.float32)
    recognise = recogniser(tokenizer, window_sec)
    found = recognise(audio_path=write(tmp_path / "long.wav", samples), mode="a")
    if snr_db is not None:  # silence is full of tones then; only what was said counts
        loud = [word for word in found.words if word.end - word.start > 0.15]
    else:
        loud = found.words
        assert found.text == " ".join(words)
    assert recognise.model.longest <= 1.1 * window_sec * 25
    assert [word.word for word in loud] == words
    assert np.abs(np.array([word.start for word in loud]) - starts).max() <= 0.08
    ends = [passage.end for passage in found.passages]
    assert [passage.start for passage in found.passages] == [0.0, *ends[:-1]]
    assert ends[-1] == pytest.approx(seconds, abs=0.05)


def test_cuts_lie_between_the_sentences(tokenizer, tmp_path):
    words, starts, seconds = sentences(20)
    path = write(tmp_path / "long.wav", say(words, starts, seconds, WORD_SEC))
    found = recogniser(tokenizer, 3.0)(audio_path=path, mode="a")
    for passage in found.passages[1:]:
        distance = np.array(starts) + WORD_SEC / 2 - passage.start
        assert np.abs(distance).min() > WORD_SEC / 2 + 0.1
    counts = [len(passage.words) for passage in found.passages]
    assert set(counts) == {5}, "a sentence each"


def seconds_of(stamp):
    hours, minutes, rest = stamp.replace(",", ".").split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(rest)


@pytest.mark.parametrize("spoken", [sentences(12), one_breath(80)])
def test_every_form_has_the_same_times(tokenizer, tmp_path, spoken):
    words, starts, seconds = spoken
    path = write(tmp_path / "long.wav", say(words, starts, seconds, WORD_SEC))
    found = recogniser(tokenizer, 3.0)(audio_path=path, mode="a")
    passages = json.loads(found.to_json("long.wav"))["passages"]
    told = [(word["word"], word["start"]) for passage in passages for word in passage["words"]]
    assert [word for word, _ in told] == words
    assert np.abs(np.array([start for _, start in told]) - starts).max() <= 0.08
    for text in (found.to_srt(), found.to_vtt()):
        stamps = re.findall(r"(\d\d:\d\d:\d\d[.,]\d{3}) --> (\d\d:\d\d:\d\d[.,]\d{3})\n(.*)", text)
        assert " ".join(words for *_, words in stamps) == " ".join(words)
        place = 0
        for start, end, cue in stamps:
            size = len(cue.split())
            assert seconds_of(start) == pytest.approx(starts[place], abs=0.08)
            assert seconds_of(end) == pytest.approx(starts[place + size - 1] + WORD_SEC, abs=0.08)
            place += size
