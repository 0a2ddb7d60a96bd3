"""The configurations of published sizes have the published numbers of parameters."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig
from espnet_av.train.optimizers import build_optimizer
from espnet_av.train.schedules import build_scheduler

ROOT = Path(__file__).resolve().parents[2]
FULL = ROOT / "egs2/mini_av/avsr1/conf/full"
NUM_UNITS, PROJECTION = 2000, 256

# Without the embeddings of the units, as published counts are: AV-HuBERT 103 and 325 million, XLS-R
# 317, 965 and 2162 million; with 57.5 million of a decoder for 1000 tokens. XLAVS-R has XLS-R's
# convolutions and transformer, AV-HuBERT's eye and head, and one Linear that joins them.
SIZES = {
    "avhubert_base": 102_817_920,
    "avhubert_base_iter5": 102_817_256,
    "avhubert_large": 324_885_480,
    "uhubert_large": 324_885_480,
    "wav2vec2_xlsr_300m": 317_390_592,
    "wav2vec2_xlsr_1b": 965_514_752,
    "wav2vec2_xlsr_2b": 2_162_932_352,
    "xlavsr_300m": 329_511_296,
    "xlavsr_2b": 2_179_297_792,
    "avsr_avhubert_base": 160_100_480,
}

# Of BEST-RQ without the head that tells codes: 26, 115 and 611 million. FAVA adds the 11.7 million
# of its (2+1)D convolutions (arXiv 2201.10439), a Linear after them and that of the sum, and the
# 27.5 million of BEST-RQ's predictor.
HEARD = {"25m": 25_683_392, "120m": 115_112_448, "120m_streaming": 114_903_552}
HEARD |= {"600m": 610_727_680}
SEEN = {"120m": 157_240_686, "120m_streaming": 121_547_392, "600m": 654_756_974}


def read(folder: str, name: str) -> tuple[TrainConfig, torch.nn.Module]:
    """Configuration and, in shapes, model of FAVA; with 1024 pieces."""
    path = ROOT / f"egs2/{folder}/conf/train_{name}.yaml"
    config = load_config(TrainConfig, path)
    config_class, model_class = MODELS[config.model]
    with torch.device("meta"):
        model_config = build(config_class, config.model_conf, str(path))
        return config, model_class.from_config(model_config, Sizes(vocab=1024))


@pytest.mark.parametrize("name", HEARD)
def test_fava_starts_from_bestrq(name: str) -> None:
    """Every weight but the head's has the name and shape of one of the recogniser's."""
    heard_config, heard = read("voxceleb2/ssl1", f"bestrq_{name}")
    kept = {k: v.shape for k, v in heard.named_parameters() if not k.startswith("codes_head.")}
    assert sum(shape.numel() for shape in kept.values()) == HEARD[name]
    if name not in SEEN:
        return
    seen_config, seen = read("lrs3/avsr1", f"fava_{name}")
    shapes = {k: v.shape for k, v in seen.named_parameters()}
    assert sum(shape.numel() for shape in shapes.values()) == SEEN[name]
    assert {k: shapes.get(k) for k in kept} == kept
    assert {k.split(".")[0] for k in shapes.keys() - kept.keys()} == {
        "frontend", "ctc", "predictor", "joiner",
    }  # fmt: skip
    for key in ("audio_frontend", "audio_frontend_conf", "encoder"):
        assert seen_config.model_conf[key] == heard_config.model_conf[key]


def test_rates_of_fine_tuning_are_bestrqs() -> None:
    """3e-4 after 5000 updates for what was pre-trained, 1e-3 after 1500 for the rest."""
    for name in SEEN:
        config, model = read("lrs3/avsr1", f"fava_{name}")
        optimizer = build_optimizer(model, config.optim, config.optim_conf, config.param_groups)
        scheduler = build_scheduler(
            optimizer, config.scheduler, config.scheduler_conf, config.max_steps
        )
        peaks = [round(group["initial_lr"], 9) for group in optimizer.param_groups]
        assert peaks == [3e-4, 3e-4, 1e-3]
        for scale, step in zip(scheduler.lr_lambdas, (5000, 5000, 1500), strict=True):
            assert scale(step - 1) == 1.0 and scale(step // 2) < 0.51 and scale(2 * step) < 0.8


def make(name: str) -> tuple[TrainConfig, torch.nn.Module]:
    config = load_config(TrainConfig, FULL / f"train_{name}.yaml")
    config_class, model_class = MODELS[config.model]
    model_config = build(config_class, config.model_conf, name)
    with torch.device("meta"):
        return config, model_class.from_config(model_config, Sizes(vocab=1000, units=NUM_UNITS))


@pytest.mark.parametrize("name", SIZES)
def test_number_of_parameters(name: str) -> None:
    _, model = make(name)
    size = sum(parameter.numel() for parameter in model.parameters())
    if name.startswith(("avhubert", "uhubert", "xlavsr")):
        size -= NUM_UNITS * PROJECTION
    assert size == SIZES[name]


def test_every_configuration_is_counted() -> None:
    assert {f"train_{name}" for name in SIZES} == {path.stem for path in FULL.glob("train_*.yaml")}


def test_decay_of_weights_is_decoupled() -> None:
    """As with fairseq's `adam`, where the published settings come from."""
    for path in ROOT.glob("egs2/**/train_*.yaml"):
        config = load_config(TrainConfig, path)
        decoupled = config.optim in ("adamw", "bert_adam")
        assert decoupled or not config.optim_conf.weight_decay, path


def test_fine_tuning_has_the_published_dropout_and_no_clipping() -> None:
    """Of AV-HuBERT's fine-tuning; MuAViC's scripts change the dropout of the layers alone."""
    paths = [FULL / "train_avsr_avhubert_base.yaml", *ROOT.glob("egs2/muavic/avsr1/conf/train_*")]
    paths.append(ROOT / "egs2/lrs3/avsr1/conf/train_av_hubert_large.yaml")
    for path in paths:
        config = load_config(TrainConfig, path)
        encoder = config.model_conf["encoder_conf"]
        assert config.grad_clip == config.model_conf["dropout_rate"] == 0.0, path
        assert encoder["attention_dropout_rate"] == 0.0, path
        assert encoder["activation_dropout_rate"] == encoder["layerdrop"] == 0.1, path
        is_muavic = "muavic" in path.parts
        assert encoder.get("dropout_rate", 0.1) == (0.1 if is_muavic else 0.0), path


def test_two_billion_parameters_are_sharded_and_checkpointed() -> None:
    for name in ("wav2vec2_xlsr_2b", "xlavsr_2b"):
        config = load_config(TrainConfig, FULL / f"train_{name}.yaml")
        assert config.strategy == "fsdp2" and config.precision == "bf16"
        assert config.model_conf["encoder_conf"]["checkpoint_layers"] is True


def test_a_training_step_of_the_largest_model() -> None:
    """Forward and backward of XLAVS-R 2B in shapes: every parameter gets a gradient."""
    _, model = make("xlavsr_2b")
    lengths, frames = torch.tensor([50, 40]), 50
    loss, _, _ = model.train()(
        speech=torch.zeros(2, 640 * frames, device="meta"),
        speech_lengths=640 * lengths,
        video=torch.zeros(2, frames, 88, 88, dtype=torch.uint8, device="meta"),
        video_lengths=lengths,
        units=torch.zeros(2, 2 * frames, dtype=torch.int64, device="meta"),
        units_lengths=2 * lengths,
        utt_id=["a", "b"],
    )
    loss.backward()
    assert all(p.grad.shape == p.shape for p in model.parameters())
