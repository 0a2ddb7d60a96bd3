"""Text normalisation."""

import sys
import types

import pytest

from espnet_av.errors import ConfigError
from espnet_av.score.normaliser import get_normaliser


def test_none_only_collapses_white_space():
    assert get_normaliser("none")("  A,  b\u00a0c ") == "A, b c"


def test_a_missing_package_is_named_with_its_cure(monkeypatch):
    monkeypatch.setitem(sys.modules, "whisper_normalizer", None)
    with pytest.raises(ConfigError, match="pip install whisper-normalizer"):
        get_normaliser("english")


@pytest.mark.parametrize("name", ["basic", "english"])
def test_the_package_is_used_when_there(monkeypatch, name):
    package = types.ModuleType("whisper_normalizer")
    monkeypatch.setitem(sys.modules, "whisper_normalizer", package)
    for kind in ("basic", "english"):
        module = types.ModuleType(f"whisper_normalizer.{kind}")
        setattr(
            module, f"{kind.title()}TextNormalizer", lambda k=kind: lambda t: f" {k} {t.lower()}"
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)
    normalise = get_normaliser(name)
    if name == "basic":
        assert normalise("Hello  There") == "basic hello there"
    else:
        assert normalise("Hello  There") == "english hello there"
