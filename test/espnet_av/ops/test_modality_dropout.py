"""Modality dropout: rates, never both, one draw per batch, and independence of draws from data."""

import pytest
import torch

from espnet_av.ops.modality_dropout import draw_modality_dropout

BOTH = torch.ones(20000, dtype=torch.bool)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("p_m", "p_a"), [(0.5, 0.5), (0.5, 0.0), (0.3, 1.0), (0.0, 0.5), (1.0, 0.2)]
)
def test_rates_per_utterance(p_m, p_a):
    audio, video = draw_modality_dropout(BOTH, BOTH, p_m, p_a, True, generator())
    assert (audio | video).all()
    assert float((~audio).float().mean()) == pytest.approx(p_m * p_a, abs=0.015)
    assert float((~video).float().mean()) == pytest.approx(p_m * (1 - p_a), abs=0.015)


def test_one_draw_for_the_batch():
    outcomes = set()
    for seed in range(60):
        audio, video = draw_modality_dropout(BOTH[:4], BOTH[:4], 0.5, 0.5, False, generator(seed))
        assert audio.unique().numel() == 1
        assert video.unique().numel() == 1
        outcomes.add((bool(audio[0]), bool(video[0])))
    assert outcomes == {(True, True), (True, False), (False, True)}


@pytest.mark.parametrize("per_utterance", [True, False])
def test_a_lonely_modality_is_kept(per_utterance):
    has_audio = torch.tensor([True, False, True])
    has_video = torch.tensor([False, True, True])
    audio, video = draw_modality_dropout(has_audio, has_video, 1.0, 0.5, per_utterance, generator())
    assert audio[0]
    assert video[1]
    assert not audio[1]
    assert not video[0]
    assert audio[2] != video[2]


def test_same_generator_state_same_draw():
    first = draw_modality_dropout(BOTH[:9], BOTH[:9], 0.5, 0.5, True, generator(3))
    again = draw_modality_dropout(BOTH[:9], BOTH[:9], 0.5, 0.5, True, generator(3))
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("p_m", [0.0, 0.5])
def test_the_number_of_draws_does_not_depend_on_the_rate(p_m):
    one = generator()
    draw_modality_dropout(BOTH[:5], BOTH[:5], p_m, 0.5, True, one)
    two = generator()
    torch.rand(10, generator=two)
    assert torch.equal(torch.rand(1, generator=one), torch.rand(1, generator=two))
