"""A head that learned other clusters of the same number is told of."""

from __future__ import annotations

import logging

import pytest
import yaml

from espnet_av.train.unit_origin import warn_of_other_units

SUMMARY = {"num_units": 5, "rate_hz": 50, "source": {}, "sets": {}}


@pytest.fixture
def folders(tmp_path):
    """An experiment, its own units, and as many of others."""
    for name, checksum in (("exp", "a" * 64), ("own", "a" * 64), ("other", "b" * 64)):
        (tmp_path / name).mkdir()
        text = yaml.safe_dump({**SUMMARY, "checksum": checksum})
        (tmp_path / name / "units.yaml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("units", "rest", "warned"),
    [
        ("other", "", True),
        ("own", "", False),
        (None, "", False),
        ("other", ":units_head:units_head", True),
        ("other", ":encoder:encoder", False),
        ("other", ":::units_head", False),
        ("other", ":::mask_emb,units_head", False),
        ("other", ":::mask_emb", True),
    ],
)
def test_only_a_head_of_other_units_is_told_of(units, rest, warned, folders, caplog):
    entry = f"{folders / 'exp'}{rest}"
    with caplog.at_level(logging.WARNING):
        warn_of_other_units([entry], None if units is None else folders / units)
    assert ("learned other units (aaaaaaaa)" in caplog.text) == warned
    assert (f"start with a new head ({folders / 'exp'}:::units_head)" in caplog.text) == warned


def test_weights_alone_say_nothing(folders, caplog):
    with caplog.at_level(logging.WARNING):
        warn_of_other_units([str(folders / "exp/x.pth")], folders / "other")
    assert not caplog.text
