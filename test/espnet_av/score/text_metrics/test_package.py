"""Packages that are missing are named."""

import sys

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.text_metrics.package import import_for, version_of


def test_a_missing_package_is_named_with_the_cure():
    with pytest.raises(ConfigError, match="needs the package toy-score, which is not installed; "):
        import_for("toy", "toy_score_that_nobody_has.part", "toy-score")


def test_one_that_cannot_be_imported_is_not_called_missing(tmp_path, monkeypatch):
    (tmp_path / "toy_broken.py").write_text("import toy_part_that_is_gone\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match=r"cannot be imported \(No module named 'toy_part"):
        import_for("toy", "toy_broken", "toy-score")


def test_what_is_there_is_imported():
    assert import_for("toy", "json", "json") is sys.modules["json"]
    assert version_of("numpy").startswith("numpy 2.")
    assert version_of("toy-score-that-nobody-has") == "toy-score-that-nobody-has"
