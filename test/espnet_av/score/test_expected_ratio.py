"""Targets that compare one mode with another."""

from __future__ import annotations

import pytest

from espnet_av.score.plot_snr import _height
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


def test_picture_shows_a_ratio_as_the_figure_that_it_asks_for() -> None:
    targets = [
        {"target": 120.0, "ratio_to": "A", "noise": "babble:0", "metric": "bleu"},
        {"target": 120.0, "ratio_to": "A", "noise": "babble:5", "metric": "bleu"},
        {"target": 40.0, "ratio_to": None, "noise": "babble:0", "metric": "bleu"},
    ]
    records = [
        {"mode": mode, "noise": noise, "bleu": {"rate": rate}}
        for mode, noise, rate in [
            ("A", "clean", 30.0),
            ("AV", "babble:0", 2.0),
            ("A", "babble:0", 10.0),
        ]
    ]
    heights = [_height(target, records) for target in targets]
    assert heights == [pytest.approx(12.0), None, 40.0]
