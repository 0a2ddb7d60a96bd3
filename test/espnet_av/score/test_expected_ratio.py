"""Targets that compare one mode with another."""

from __future__ import annotations

import pytest

from espnet_av.score.published.expected import Target, compare

RECORDS = [
    {"set": "test", "mode": "A", "noise": "babble:0", "wer": {"rate": 60.0}},
    {"set": "test", "mode": "AV", "noise": "babble:0", "wer": {"rate": 24.0}},
    {"set": "test", "mode": "A", "noise": "clean", "wer": {"rate": 0.0}},
    {"set": "test", "mode": "AV", "noise": "clean", "wer": {"rate": 1.0}},
]


@pytest.mark.parametrize(
    ("noise", "target", "got", "met"),
    [
        ("babble:0", 50.0, 40.0, True),
        ("babble:0", 39.0, 40.0, False),
        ("babble:-5", 50.0, None, None),
        ("clean", 50.0, None, None),
    ],
)
def test_rate_in_percent_of_another_mode(
    noise: str, target: float, got: float | None, met: bool | None
) -> None:
    wanted = Target(set="test", mode="AV", noise=noise, target=target, ratio_to="A")
    (comparison,) = compare([wanted], RECORDS)
    assert comparison.got == got
    assert comparison.is_met is met
