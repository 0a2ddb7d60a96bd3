"""Mean cosine of each language, and of these, whatever their sizes."""

import math

import pytest
import torch
from oracles import samu

from espnet_av.models.samu.validator import CosineValidator


def test_small_languages_count_as_large_ones(caplog):
    kept = {"a": ("en", 0.9), "b": ("en", 0.7), "c": ("en", 0.8), "d": ("cy", 0.2), "e": ("", 0.5)}
    with caplog.at_level("INFO"):
        found = CosineValidator().figures(kept)
    assert found == {"cosine_macro": pytest.approx((0.8 + 0.2 + 0.5) / 3)}
    assert "unknown 0.5000, cy 0.2000, en 0.8000" in caplog.text


def test_without_languages_it_is_the_mean_and_without_utterances_nothing():
    found = CosineValidator().figures({"a": ("", 1.0), "b": ("", 0.0)})
    assert found == {"cosine_macro": 0.5}
    assert math.isnan(CosineValidator().figures({})["cosine_macro"])


def test_it_asks_the_model():
    model, batch = samu.model().eval(), samu.batch()
    validator = model.validators()[0]
    with torch.no_grad():
        kept = validator.outputs(model, batch)
        mean = model(**batch)[1]["cosine"].item()
    assert [lang for lang, _ in kept] == ["en", "fr", "en"]
    assert sum(cosine for _, cosine in kept) / 3 == pytest.approx(mean, abs=1e-6)
    del batch["lang"]
    assert [lang for lang, _ in validator.outputs(model, batch)] == ["", "", ""]
