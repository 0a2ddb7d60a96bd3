"""Cuts are the cheapest there are, and lie in pauses wherever there is one."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from espnet_av.speech2text import cuts as module
from espnet_av.speech2text.cuts import Cut, plan_cuts


def talk(num_frames, pauses, snr_db=None, seed=0):
    """Syllables, but for the frames of `pauses`; perhaps with steady noise over all of it."""
    rng = np.random.default_rng(seed)
    wave = rng.normal(0, 0.1, (num_frames, 640))
    wave *= np.array([1.0, 1.3, 1.0, 0.5, 0.2])[np.arange(num_frames) % 5, None]
    for start, end in pauses:
        wave[start:end] = 0.0
    if snr_db is not None:
        wave += rng.normal(0, 0.09 * 10 ** (-snr_db / 20), wave.shape)
    return wave.reshape(-1).astype(np.float32)


def slow_best(cost, max_frames, margin):
    """The cheapest sum over every way to cut, by trying all of them."""
    best, borders = np.inf, range(1, len(cost) - 1)
    for count in range(len(cost) - 1):
        for chosen in itertools.combinations(borders, count):
            ends = [0, *chosen, len(cost) - 1]
            extra = [0, *(margin if cost[c] >= 1 else 0 for c in chosen), 0]
            total = sum(cost[c] + 0.25 for c in chosen) + 0.25
            for left, right in itertools.pairwise(range(len(ends))):
                size = ends[right] - ends[left]
                if size + extra[left] + extra[right] > max_frames:
                    break
                total += 0.5 * max(0.0, 1 - size / (0.25 * max_frames))
            else:
                best = min(best, total)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("margin", [0, 1])
def test_no_other_cuts_are_cheaper(monkeypatch, seed, margin):
    rng = np.random.default_rng(seed)
    cost = rng.choice([0.0, 0.2, 1.1, 1.7], 12)
    cost[[0, -1]] = 0.0
    monkeypatch.setattr(module, "_cut_costs", lambda *_: cost)
    found = plan_cuts(11, 5, np.zeros(1, np.float32), margin)
    ends = [0, *(cut.frame for cut in found), 11]
    extra = [0, *(margin if cut.is_in_speech else 0 for cut in found), 0]
    total = 0.25
    for left in range(len(ends) - 1):
        size = ends[left + 1] - ends[left]
        assert size + extra[left] + extra[left + 1] <= 5
        total += 0.5 * max(0.0, 1 - size / 1.25)
    total += sum(cost[cut.frame] + 0.25 for cut in found)
    assert total == pytest.approx(slow_best(cost, 5, margin))
    assert [cut.is_in_speech for cut in found] == [bool(cost[cut.frame] >= 1) for cut in found]


@pytest.mark.parametrize("snr_db", [None, 10, 5, 0])
def test_no_word_is_cut_where_a_pause_is_in_reach(snr_db):
    pauses = [(60, 68), (110, 125), (170, 176), (231, 240), (290, 300), (352, 362)]
    found = plan_cuts(420, 75, talk(420, pauses, snr_db), margin=12)
    assert len(found) == 6
    for cut, (start, end) in zip(found, pauses, strict=True):
        assert start < cut.frame < end and not cut.is_in_speech
        assert abs(cut.frame - (start + end) / 2) <= (end - start) / 4 + 1


def test_a_long_pause_is_better_than_a_later_short_one():
    (cut,) = plan_cuts(140, 100, talk(140, [(60, 80), (90, 94)]))
    assert 62 <= cut.frame <= 78


def test_a_bad_cut_later_is_weighed_against_a_shorter_stretch_now():
    """From the later pause the next one could not be reached."""
    found = plan_cuts(220, 100, talk(220, [(60, 70), (90, 100), (155, 165)]))
    assert 60 < found[0].frame < 100 and not any(cut.is_in_speech for cut in found)


def test_speech_without_a_pause_is_cut_where_it_is_faintest():
    (cut,) = plan_cuts(150, 110, talk(150, []), margin=12)
    assert cut.is_in_speech and cut.frame % 5 in (4, 0), "between two syllables"


def test_speech_below_its_noise_is_cut_where_least_of_it_is():
    """No speech can be told from such noise, but the pause has less of anything."""
    (cut,) = plan_cuts(150, 110, talk(150, [(70, 80)], snr_db=-6), margin=12)
    assert 71 <= cut.frame <= 79


@pytest.mark.parametrize("max_frames", [1, 2, 3, 10, 75])
@pytest.mark.parametrize("num_frames", [1, 74, 75, 76, 151, 400])
def test_no_stretch_is_too_long(num_frames, max_frames):
    margin = max_frames // 6
    for wave in (talk(num_frames, []), talk(num_frames // 2 + 1, [(5, 9)]), None):
        found = plan_cuts(num_frames, max_frames, wave, margin)
        ends = [0, *(cut.frame for cut in found), num_frames]
        extra = [0, *(margin if cut.is_in_speech else 0 for cut in found), 0]
        sizes = np.diff(ends) + extra[1:] + extra[:-1]
        assert np.diff(ends).min() > 0 and sizes.max() <= max_frames


def test_without_sound_the_stretches_are_even():
    assert plan_cuts(200, 100, None) == [Cut(100, False)]
    assert [cut.frame for cut in plan_cuts(201, 100, None)] == [67, 134]


def test_ends_cost_nothing_and_every_place_between_does():
    cost = module._cut_costs(talk(100, []), 100)
    assert cost.shape == (101,)
    assert cost[0] == cost[-1] == 0.0
    assert (cost[1:-1] > 0).all()
