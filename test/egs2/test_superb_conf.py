"""SUPERB's configurations: heads, classes and budgets of the protocol; what is frozen."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from espnet_av.config import build, load_config
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts

CONF = Path(__file__).resolve().parents[2] / "egs2/superb/probe1/conf"
BUDGETS = {  # steps, utterances an update, rate, steps between validations
    "ks": (200_000, 32, 1e-4, 5000),
    "ic": (200_000, 32, 1e-4, 5000),
    "pr": (100_000, 32, 1e-2, 1000),
    "sd": (30_000, 32, 1e-4, 500),
}
WIDTH = 256
HEADS = {
    "ks": (WIDTH + 1) * 256 + 257 * 12,
    "ic": (WIDTH + 1) * 256 + 257 * 24,
    "pr": (WIDTH + 1) * 256 + 257 * 74,
    "sd": 4 * 512 * (WIDTH + 512 + 2) + 513 * 2,
}
VOWELS = "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW"
CONSONANTS = "B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH"
CONFORMER = {"output_size": WIDTH, "attention_heads": 4, "linear_units": 1024, "num_blocks": 16}


@pytest.mark.parametrize("task", BUDGETS)
def test_budgets_and_heads_on_a_conformer_of_16_layers(task: str) -> None:
    config = load_config(TrainConfig, CONF / f"train_{task}.yaml")
    steps, utts, rate, interval = BUDGETS[task]
    assert (config.max_steps, config.valid_interval_steps) == (steps, interval)
    assert config.max_utts * config.accum_grad == utts and config.optim_conf.lr == rate
    assert (config.optim, config.scheduler, config.grad_clip) == ("adam", "constant", 1.0)
    below = {"model": "av_mae", "model_conf": {"encoder_conf": CONFORMER}}
    config_class, model_class = MODELS[config.model]
    conf = build(config_class, {**config.model_conf, "upstream": below})
    labels = len(config.dataset.classes) or None
    with torch.device("meta"):
        model = model_class.from_config(conf, Sizes(vocab=74, labels=labels))
    assert labels == {"ks": 12, "ic": 6 * 14 * 4}.get(task)
    assert len(model.states) == 17 and model.feature_rate == 25
    learning = sum(p.numel() for p in model.parameters() if p.requires_grad)
    assert learning == HEADS[task] + 17
    frozen = FrozenParts(model, config.freeze_param)
    assert {f"upstream.{name}" for name in model.upstream.state_dict()} <= frozen.names


def test_phones_of_librispeech_are_74_tokens(tmp_path: Path) -> None:
    """SIL, SPN and 69 phones: 15 vowels with three stresses, 24 consonants."""
    phones = [f"{vowel}{stress}" for vowel in VOWELS.split() for stress in range(3)]
    phones += CONSONANTS.split()
    texts = [" ".join(phones), "SIL SPN"]
    tokenizer = train_tokenizer(texts, tmp_path, "word", 0)
    assert len(phones) == 69 and tokenizer.vocab_size == 74
    assert tokenizer.decode(tokenizer.encode(texts[0])) == texts[0]
