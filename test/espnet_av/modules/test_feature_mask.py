"""Masks of fine-tuning: shares as published, in places that follow from the step."""

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.modules.feature_mask import FeatureMaskConfig, hide_features
from espnet_av.modules.step_noise import StepNoise


def hide(config, lengths, size, step=0):
    lengths = torch.tensor(lengths)
    features = torch.ones(len(lengths), int(lengths.max()), size)
    noise = StepNoise((0, step, 0), torch.device("cpu"), training=True)
    return hide_features(config, features, lengths, torch.full((size,), 7.0), noise)


def test_shares_are_those_of_fairseq():
    """Measured there and in transformers: 0.3 in spans of 6 hides 26.5 %, 0.5 in 64 hides 40 %."""
    found, hidden = hide(FeatureMaskConfig(), [500] * 12, 1024)
    assert hidden.float().mean().item() == pytest.approx(0.265, abs=0.01)
    assert (found == 0.0).all(dim=1).float().mean().item() == pytest.approx(0.395, abs=0.02)
    assert ((found == 7.0) | (found == 0.0) | (found == 1.0)).all()
    shown = (found != 0.0).any(dim=2)
    assert torch.equal((found == 7.0).any(dim=2), hidden & shown)


def test_an_utterance_has_channels_of_its_own_and_its_frames_alone_are_hidden():
    found, hidden = hide(FeatureMaskConfig(channel_span=4), [30, 9, 3, 1], 32)
    gone = (found == 0.0).all(dim=1)
    assert len({tuple(row.tolist()) for row in gone}) == 4
    assert all(not hidden[i, n:].any() for i, n in enumerate((30, 9, 3, 1)))
    assert hidden.any(dim=1).all(), "even short ones have spans"
    assert not hidden[2, :3].all(), "and something is left to see"


def test_the_step_decides():
    one, again, other = (hide(FeatureMaskConfig(), [50], 128, step)[0] for step in (3, 3, 4))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_nothing_is_hidden_where_the_share_is_0():
    found, hidden = hide(FeatureMaskConfig(time_share=0.0, channel_share=0.0), [20, 4], 16)
    assert not hidden.any() and bool((found == 1.0).all())


@pytest.mark.parametrize(
    "wrong", [{"time_share": -0.1}, {"channel_span": 0}, {"time_share": 6.0}, {"channel_share": 99}]
)
def test_wrong_settings(wrong):
    with pytest.raises(ConfigError, match=r"feature_mask: (time|channel)_share is .* at least"):
        FeatureMaskConfig(**wrong)
