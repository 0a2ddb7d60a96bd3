"""Features of several layers in one pass, of every model that has an encoder."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from oracles import av_batch, av_mae, avhubert, bestrq, masked_audio, samu, superb, transducer, vgs

from espnet_av.errors import ConfigError
from espnet_av.models import MODELS

MODEL = {
    "av_mae": av_mae.model,
    "avhubert": avhubert.model,
    "avsr": av_batch.model,
    "bestrq": bestrq.model,
    "hubert": lambda: masked_audio.model("hubert"),
    "samu": samu.model,
    **{task: partial(superb.model, task) for task in superb.SMALL},
    "transducer": transducer.model,
    "vgs": lambda: vgs.model(encoder_conf=masked_audio.ENCODER),
    "wav2vec2": lambda: masked_audio.model("wav2vec2"),
}


@pytest.mark.parametrize("name", MODELS)
def test_layers_come_in_the_order_asked_for(name):
    model, batch = MODEL[name]().eval(), av_batch.batch()
    assert list(model.layers()) == [1, 2]
    with torch.no_grad():
        (second, out, first, again), lengths = model.extract_features(batch, [2, None, 1, 2])
        alone = [model.extract_features(batch, [layer])[0][0] for layer in (1, 2, None)]
    for found, expected in zip((first, second, out), alone, strict=True):
        assert torch.equal(found, expected)
    assert torch.equal(second, again)
    assert not torch.allclose(first, second)
    assert lengths.tolist() == [frames * model.feature_rate // 25 for frames in (9, 6, 4)]
    (before, output), _ = model.extract_features(batch, [0, None])
    assert before.shape == output.shape and torch.equal(output, out)
    assert not torch.allclose(before, first)
    feats = model.collect_feats(**batch)
    assert torch.equal(feats["feats_lengths"], lengths)
    for layer in (-1, 3):
        with pytest.raises(ConfigError, match=f"layer {layer} .* 1 to 2"):
            model.extract_features(batch, [1, layer])


def test_features_can_be_learned_through():
    """A head that mixes layers trains what is below it."""
    model = av_batch.model()
    features, _ = model.extract_features(av_batch.batch(), [1, 2])
    torch.stack(features).sum().backward()
    assert model.encoder.encoders[0].self_attn.linear_q.weight.grad is not None
