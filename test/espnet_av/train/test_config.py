from __future__ import annotations

import pytest

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.train.config import TrainConfig


def test_espnets_shape_is_read():
    config = build(
        TrainConfig,
        {
            "optim": "adam",
            "optim_conf": {"lr": "1e-3", "betas": [0.9, 0.99]},
            "best_model_criterion": [["valid", "acc", "max"]],
            "param_groups": [{"prefix": "encoder.", "lr_scale": 0.1}],
            "dataset": {"noise_start_step": 100},
        },
    )
    assert config.optim_conf.lr == 1e-3
    assert config.best_model_criterion == (("valid", "acc", "max"),)
    assert config.param_groups[0].weight_decay is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"best_model_criterion": [["dev", "loss", "min"]]}, r"\[dev, loss, min\] must be \[train"),
        ({"best_model_criterion": []}, "give at least one"),
        ({"average": 9}, "raise keep_nbest_models or lower average"),
        ({"accum_grad": 0}, "accum_grad: 0 must be at least 1"),
        ({"num_workers": -1}, "num_workers: -1 must be at least 0"),
        ({"prefetch_batches": 0}, "prefetch_batches: 0 must be at least 1"),
        ({"num_threads": -1}, "num_threads: -1 must be at least 1"),
        ({"grad_clip": -1.0}, r"grad_clip: -1\.0 must be at least 0"),
        (
            {"best_model_criterion": [["train", "loss", "min"]], "valid_interval_steps": 10},
            "valid_interval_steps: 10 must be a multiple of log_interval_steps, 20",
        ),
        ({"layer_lr_decay": 0.0}, "must be above 0 and at most 1"),
        ({"layer_lr_decay": 1.01}, r"layer_lr_decay: 1\.01 must be above 0 and at most 1"),
        ({"scheduler": "warmup_cosin"}, "did you mean 'warmup_cosine'"),
        ({"optim_conf": {"lrr": 1}}, "did you mean 'lr'"),
        ({"precision": "fp16"}, "choices: fp32, bf16"),
        ({"max_steps": "many"}, "expected a whole number"),
    ],
)
def test_wrong_values_are_named(changes, message):
    with pytest.raises(ConfigError, match=message):
        build(TrainConfig, changes)
