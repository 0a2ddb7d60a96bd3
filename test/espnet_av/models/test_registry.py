"""Every registered model has a config with documented fields, a docstring, and trains a step."""

import ast
import inspect

import pytest
import torch
from oracles import av_batch, av_mae, avhubert, bestrq, masked_audio, samu, superb, transducer, vgs

from espnet_av.models import MODELS
from espnet_av.models.abs_model import AVModel, Sizes

SMALL = {
    "av_mae": av_mae.config(),
    "avhubert": avhubert.config(),
    "avsr": av_batch.config(),
    "bestrq": bestrq.config(),
    "hubert": masked_audio.hubert_config(),
    "samu": samu.config(),
    **{task: superb.config(task) for task in superb.SMALL},
    "transducer": transducer.config(),
    "vgs": vgs.config(),
    "wav2vec2": masked_audio.wav2vec2_config(),
}
HEADS = {name: superb.batch((9, 6, 4))[name] for name in superb.TARGETS}
MORE = {
    **dict.fromkeys(superb.SMALL, HEADS),
    "av_mae": av_mae.batch((9, 6, 4)),
    "samu": samu.batch((9, 6, 4)),
    "vgs": vgs.batch((9, 6, 4)),
}


@pytest.mark.parametrize("name", MODELS)
def test_registered_model(name):
    config_class, model_class = MODELS[name]
    assert isinstance(SMALL[name], config_class)
    assert issubclass(model_class, AVModel)
    assert model_class.__doc__
    model = model_class.from_config(
        SMALL[name],
        Sizes(vocab=av_batch.VOCAB_SIZE, units=av_batch.NUM_UNITS, labels=superb.NUM_LABELS),
    )
    loss, stats, weight = model(**{**MORE.get(name, {}), **av_batch.batch()})
    loss.backward()
    assert loss.isfinite()
    assert loss.dim() == weight.dim() == 0
    assert all(isinstance(value, torch.Tensor) and value.dim() == 0 for value in stats.values())
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)


@pytest.mark.parametrize("name", MODELS)
def test_every_field_is_described(name):
    body = ast.parse(inspect.getsource(MODELS[name][0])).body[0].body
    for field, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(field, ast.AnnAssign):
            assert isinstance(after, ast.Expr), ast.unparse(field)
            assert isinstance(after.value, ast.Constant), ast.unparse(field)
