"""Recall over a validation set: counted by hand, whatever the batches."""

import math

import pytest
import torch
from oracles import vgs

from espnet_av.models.vgs.validator import RecallValidator


def kept(*rows):
    """Utterance -> what is kept of it, from (speech, image, number)."""
    return {
        f"u{i}": (torch.tensor(s), torch.tensor(v), torch.tensor(float(n)))
        for i, (s, v, n) in enumerate(rows)
    }


def test_an_image_is_there_once():
    """Three captions of image 0 are no rivals of each other, and any of them is right."""
    one, two = [1.0, 0.0], [0.0, 1.0]
    found = RecallValidator().figures(
        kept(([2.0, 0.1], one, 0), ([0.1, 3.0], one, 0), (one, one, 0), ([0.5, 1.0], two, 4))
    )
    assert found["r1_speech_to_image"] == 0.75
    assert found["r1_image_to_speech"] == 0.5, "image 4 is nearest to a caption of image 0"
    assert found["r1"] == pytest.approx(0.625)
    assert found["r10_speech_to_image"] == found["r10_image_to_speech"] == 1.0


def test_equal_vectors_find_nothing():
    found = RecallValidator().figures(kept(*[([1.0, 1.0], [1.0, 1.0], n) for n in range(20)]))
    assert set(found.values()) == {0.0}


def test_without_utterances_there_are_no_figures():
    assert all(math.isnan(value) for value in RecallValidator().figures({}).values())


@pytest.mark.parametrize("similarity", ["dot", "cosine"])
def test_batches_do_not_matter(similarity):
    model = vgs.model(similarity=similarity).eval()
    (validator,) = model.validators()
    data = vgs.batch((12, 12, 12, 12), images=(3, 5, 3, 8))
    with torch.no_grad():
        whole = validator.outputs(model, data)
        parts = [validator.outputs(model, vgs.take(data, rows)) for rows in ([0, 1], [2, 3])]
    together = [output for part in parts for output in part]
    for one, two in zip(whole, together, strict=True):
        assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(one, two, strict=True))
    assert [int(number) for _, _, number in whole] == [3, 5, 3, 8]
    norms = torch.stack([speech for speech, _, _ in whole]).norm(dim=1)
    assert torch.allclose(norms, torch.ones(4), atol=1e-5) == (similarity == "cosine")
    figures = validator.figures(dict(enumerate(whole)))
    assert figures.keys() == validator.stats.keys()
