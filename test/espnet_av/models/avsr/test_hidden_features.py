"""Fine-tuning with hidden frames and channels, under the name that pre-trained models have."""

from __future__ import annotations

import torch
from oracles import av_batch

from espnet_av.modules.feature_mask import FeatureMaskConfig

MASK = FeatureMaskConfig(channel_span=2)


def test_features_are_hidden_in_training_alone():
    plain, masked = av_batch.model(), av_batch.model(feature_mask=MASK)
    masked.load_state_dict(plain.state_dict(), strict=False)
    assert masked.mask_emb.shape == (8,) and plain.mask_emb is None
    with torch.no_grad():
        one, other = (m.eval()(**av_batch.batch())[0] for m in (plain, masked))
    assert torch.equal(one, other)
    losses = {}
    for name, model, step in (
        ("a", masked, 1),
        ("b", masked, 1),
        ("c", masked, 2),
        ("d", plain, 1),
    ):
        model.train().set_step(step, 0, 0)
        losses[name] = model(**av_batch.batch())[0].item()
    assert losses["a"] == losses["b"] != losses["c"]
    assert losses["a"] != losses["d"]


def test_the_vector_in_place_of_frames_learns():
    model = av_batch.model(feature_mask=MASK)
    model(**av_batch.batch())[0].backward()
    assert model.mask_emb.grad is not None and bool((model.mask_emb.grad != 0).any())
