"""Translation's configurations: what learns at full size, and that it starts from what there is."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch

from espnet_av.config import build, load_config
from espnet_av.models.abs_model import NO_SIZES, Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.models.samu import SamuConfig, SamuModel
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts
from espnet_av.train.schedules import build_schedule

ROOT = Path(__file__).resolve().parents[2]
CONF = ROOT / "egs2/covost2/st1/conf"
SAMU = ROOT / "egs2/commonvoice/samu1/conf"
MBART_50 = 250_054


def make(path: Path, vocab: int = MBART_50) -> tuple[TrainConfig, AVSRModel]:
    config = load_config(TrainConfig, path)
    with torch.device("meta"):
        model_config = build(AVSRConfig, config.model_conf)
        return config, AVSRModel.from_config(model_config, Sizes(vocab=vocab))


def test_trainable_parameters_are_the_published_75_million() -> None:
    config, model = make(CONF / "train_st_adapters.yaml")
    frozen = FrozenParts(model, config.freeze_param, config.keep_param)
    learning = {name: p.numel() for name, p in model.named_parameters() if p.requires_grad}
    assert sum(learning.values()) == 75_685_888
    parts: Counter[str] = Counter()
    for name, size in learning.items():
        is_norm = "norm" in name
        parts["adapter" if "_adapter." in name else "norm" if is_norm else "cross"] += size
    assert parts == {"adapter": 25_227_264, "cross": 50_380_800, "norm": 77_824}
    assert "decoder.output_layer.weight" in frozen.names, "embeddings are frozen, input and output"
    assert sum(p.numel() for p in model.encoder.parameters()) - 25_227_264 == 310_701_184
    assert sum(p.numel() for p in model.decoder.parameters()) == 458_670_080


def test_it_starts_from_an_encoder_that_was_distilled() -> None:
    """All of the encoder but the adapters comes from SAMU, whose names are the same."""
    _, model = make(CONF / "train_st_adapters.yaml")
    samu = load_config(TrainConfig, SAMU / "train_samu_xlsr_300m.yaml")
    with torch.device("meta"):
        source = SamuModel.from_config(build(SamuConfig, samu.model_conf), NO_SIZES)
    there = {name: value.shape for name, value in source.state_dict().items()}
    here = {name: value.shape for name, value in model.state_dict().items()}
    common = there.keys() & here.keys()
    assert there.keys() - common == {name for name in there if name.startswith("head.")}
    assert all(there[name] == here[name] for name in common)
    rest = {name for name in here.keys() - common if not name.startswith("decoder.")}
    assert rest and all("_adapter." in name for name in rest)


def test_the_control_learns_everything_but_the_convolutions() -> None:
    config, model = make(CONF / "train_st_full.yaml")
    FrozenParts(model, config.freeze_param, config.keep_param)
    still = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert still and all(name.startswith("frontend.audio.extractor.") for name in still)
    adapted = load_config(TrainConfig, CONF / "train_st_adapters.yaml")
    assert (config.scheduler_conf, config.optim_conf) == (
        adapted.scheduler_conf,
        adapted.optim_conf,
    )


def test_rates_rise_stay_and_fall_in_a_straight_line() -> None:
    config, _ = make(CONF / "train_st_adapters.yaml", vocab=9)
    schedule = build_schedule(config.scheduler, config.scheduler_conf)
    at = [round(schedule.scale(step, 28000), 4) for step in (0, 2800, 14000, 21000, 28000)]
    assert at == [0.01, 1.0, 1.0, 0.505, 0.01]


def test_the_ctc_control_is_an_encoder_with_letters() -> None:
    config, model = make(SAMU / "train_ctc_xlsr_300m.yaml", vocab=5000)
    assert model.ctc is not None and model.decoder is None
    assert model.mask_emb is not None and config.model_conf["freeze_encoder_steps"] == 10_000
