"""Text normalisation."""

import sys
import types

import pytest

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.normaliser import get_normaliser, normalise_texts, package_version


@pytest.fixture
def package(monkeypatch):
    """A stand-in for whisper_normalizer that names the normaliser."""
    monkeypatch.setitem(sys.modules, "whisper_normalizer", types.ModuleType("whisper_normalizer"))
    for kind in ("basic", "english"):
        module = types.ModuleType(f"whisper_normalizer.{kind}")
        setattr(
            module, f"{kind.title()}TextNormalizer", lambda k=kind: lambda t: f" {k} {t.lower()}"
        )
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_none_only_collapses_white_space():
    assert get_normaliser("none")("  A,  b\u00a0c ") == "A, b c"
    assert normalise_texts("none", {}, {"u": " A "}, {}) == [{"u": "A"}, {}]
    assert package_version("none") == {}


@pytest.mark.parametrize("name", ["english", "whisper"])
def test_a_missing_package_is_named_with_its_cure(monkeypatch, name):
    # Its parts too: another test may have loaded them.
    for module in ("whisper_normalizer", "whisper_normalizer.basic", "whisper_normalizer.english"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ConfigError, match="pip install whisper-normalizer"):
        normalise_texts(name, {"u": "en"}, {"u": "a"})


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("name", ["basic", "english"])
def test_the_package_is_used_when_there(name):
    assert get_normaliser(name)("Hello  There") == f"{name} hello there"


@pytest.mark.usefixtures("package")
def test_whisper_chooses_by_language_for_references_and_hypotheses_alike():
    langs = {"a": "en", "b": "el"}
    refs, hyps = normalise_texts("whisper", langs, {"a": "X", "b": "Y"}, {"b": "Z", "a": ""})
    assert refs == {"a": "english x", "b": "basic y"}
    assert hyps == {"b": "basic z", "a": "english"}


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize(
    ("langs", "message"),
    [
        ({}, "^utt2lang: u: no language; the normaliser 'whisper' chooses by language"),
        ({"u": "en_us"}, "^utt2lang: u: language 'en_us'; .* two letters"),
    ],
)
def test_whisper_needs_the_language(langs, message):
    with pytest.raises(DataDirError, match=message):
        normalise_texts("whisper", langs, {"u": "a"})
