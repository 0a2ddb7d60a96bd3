"""Noise of a test as a key: conditions are told apart, and looked up, by value."""

from __future__ import annotations

import dataclasses

import pytest

from espnet_av.data.noise_condition import NoiseCondition


def test_equal_by_category_and_level() -> None:
    noise = NoiseCondition("babble", -5.0)
    assert {noise: 1}[NoiseCondition("babble", -5)] == 1
    assert noise not in {NoiseCondition("babble", 5.0), NoiseCondition("music", -5.0)}


def test_nobody_changes_it() -> None:
    noise = NoiseCondition("babble", -5.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        noise.snr_db = 0.0  # type: ignore[misc]
