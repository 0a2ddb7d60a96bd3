"""Speech is found in clean sound and in steady noise, and by its definition."""

import numpy as np
import pytest
from oracles import speech_activity as oracle

from espnet_av.media.speech_activity import RATE_HZ, _band_level, _smooth, find_speech


def talk(seconds, spoken, seed=0, loudness=0.1):
    """Sound with a babble of the speech band in each (start, end) of `spoken`."""
    rng = np.random.default_rng(seed)
    wave = np.zeros(round(16000 * seconds))
    time = np.arange(len(wave)) / 16000
    for start, end in spoken:
        inside = (time >= start) & (time < end)
        for hz in rng.uniform(250, 3500, 12):
            wave[inside] += np.sin(2 * np.pi * hz * time[inside] + rng.uniform(0, 6))
    return (loudness * wave / 3).astype(np.float32)


def noisy(wave, spoken_power, snr_db, seed=1):
    noise = np.random.default_rng(seed).normal(0, 1, len(wave))
    return (wave + noise * np.sqrt(spoken_power / 10 ** (snr_db / 10))).astype(np.float32)


SPOKEN = [(0.5, 1.4), (1.9, 3.0), (3.3, 4.1), (5.0, 7.5)]


def shares(activity):
    """Shares of the spoken and of the silent frames that are called speech, edges left out."""
    time = (np.arange(len(activity.is_speech)) + 0.5) / RATE_HZ
    inside = np.any([(time > a + 0.06) & (time < b - 0.06) for a, b in SPOKEN], axis=0)
    outside = ~np.any([(time > a - 0.06) & (time < b + 0.06) for a, b in SPOKEN], axis=0)
    return activity.is_speech[inside].mean(), activity.is_speech[outside].mean()


@pytest.mark.parametrize("snr_db", [None, 20, 10, 5, 0])
@pytest.mark.parametrize("loudness", [0.002, 0.1, 0.9])
def test_pauses_are_found_at_any_loudness_and_in_noise(snr_db, loudness):
    wave = talk(8, SPOKEN, loudness=loudness)
    power = np.mean(wave[round(0.5 * 16000) : round(1.4 * 16000)].astype(float) ** 2)
    heard = wave if snr_db is None else noisy(wave, power, snr_db)
    assert shares(find_speech(heard)) == (1.0, 0.0)


def test_the_floor_follows_noise_that_swells():
    spoken = [(a + 8 * n, b + 8 * n) for n in range(3) for a, b in SPOKEN]
    wave = talk(24, spoken)
    power = np.mean(wave[8000:22400].astype(float) ** 2)
    swelling = np.random.default_rng(2).normal(0, 1, len(wave)) * np.sqrt(power)
    swelling *= np.interp(np.arange(len(wave)), [0, len(wave)], [0.05, 0.7])
    activity = find_speech((wave + swelling).astype(np.float32))
    time = (np.arange(len(activity.is_speech)) + 0.5) / RATE_HZ
    outside = ~np.any([(time > a - 0.06) & (time < b + 0.06) for a, b in spoken], axis=0)
    assert activity.is_speech[outside].mean() < 0.02
    assert activity.is_speech[~outside].mean() > 0.85


def test_nothing_but_noise_or_silence_is_a_pause():
    noise = np.random.default_rng(3).normal(0, 0.1, 160000).astype(np.float32)
    assert find_speech(noise).is_speech.mean() == 0.0
    assert not find_speech(np.zeros(32000, np.float32)).is_speech.any()


def test_a_closure_is_no_pause_and_a_breath_is():
    closure, pause = [(0.5, 1.0), (1.06, 1.6)], [(0.5, 1.0), (1.3, 1.8)]
    assert find_speech(talk(3, closure)).is_speech[60:150].all()
    assert not find_speech(talk(3, pause)).is_speech[110:120].any()


@pytest.mark.parametrize("num_samples", [0, 1, 159, 160, 161, 1000])
def test_every_length_has_its_frames(num_samples):
    activity = find_speech(np.full(num_samples, 0.1, np.float32))
    assert len(activity.loudness) == len(activity.is_speech) == -(-num_samples // 160)


def test_levels_by_their_definition():
    wave = np.random.default_rng(4).normal(0, 0.1, 1700).astype(np.float32)
    wave[600:900] = 0.0
    assert _band_level(wave) == pytest.approx(np.array(oracle.level(wave)), abs=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_decisions_by_their_definition(seed):
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(-80, -20, 150), rng.integers(1, 14, 150)) + rng.normal(0, 1)
    wave = talk(4, SPOKEN[:3], seed)
    levels = [level, _band_level(noisy(wave, 1e-3, 3 * seed, seed))]
    for values in levels:
        smoothed = np.array(oracle.smooth(list(values)))
        assert _smooth(values) == pytest.approx(smoothed)
    heights, found = oracle.speech(list(_smooth(levels[1])))
    activity = find_speech(noisy(wave, 1e-3, 3 * seed, seed))
    assert activity.loudness == pytest.approx(np.array(heights))
    assert activity.is_speech.tolist() == found


def test_long_sound_is_looked_at_in_pieces_that_do_not_show(monkeypatch):
    wave = noisy(talk(8, SPOKEN), 1e-3, 5)
    whole = find_speech(wave)
    monkeypatch.setattr("espnet_av.media.speech_activity._CHUNK", 37)
    pieces = find_speech(wave)
    assert np.array_equal(whole.is_speech, pieces.is_speech)
    assert pieces.loudness == pytest.approx(whole.loudness, abs=1e-4)
