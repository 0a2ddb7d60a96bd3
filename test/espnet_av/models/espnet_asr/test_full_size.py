"""A recogniser of the size that is trained on LibriSpeech, counted without memory for it."""

import math
from pathlib import Path

import torch

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.espnet_asr.convert import model_conf
from espnet_av.models.espnet_asr.experiment import EspnetExperiment

TOKENS = 5000
ENCODER = {
    "output_size": 512,
    "attention_heads": 8,
    "linear_units": 2048,
    "num_blocks": 12,
    "dropout_rate": 0.1,
    "positional_dropout_rate": 0.1,
    "attention_dropout_rate": 0.1,
    "input_layer": "conv2d",
    "normalize_before": True,
    "macaron_style": True,
    "rel_pos_type": "latest",
    "pos_enc_layer_type": "rel_pos",
    "selfattention_layer_type": "rel_selfattn",
    "activation_type": "swish",
    "use_cnn_module": True,
    "cnn_module_kernel": 31,
}
DECODER = {"attention_heads": 8, "linear_units": 2048, "num_blocks": 6, "dropout_rate": 0.1}


def count(*modules):
    return sum(math.prod(p.shape) for module in modules for p in module.parameters())


def test_as_many_parameters_as_espnets():
    from espnet2.asr.ctc import CTC
    from espnet2.asr.decoder.transformer_decoder import TransformerDecoder
    from espnet2.asr.encoder.conformer_encoder import ConformerEncoder

    config = {
        "frontend_conf": {"n_fft": 512, "hop_length": 160},
        "encoder": "conformer",
        "encoder_conf": ENCODER,
        "decoder": "transformer",
        "decoder_conf": DECODER,
        "model_conf": {"ctc_weight": 0.3, "lsm_weight": 0.1},
    }
    name, conf = model_conf(EspnetExperiment(Path("x.pth"), config, {}), [])
    config_class, model_class = MODELS[name]
    with torch.device("meta"):
        ours = model_class.from_config(build(config_class, conf), Sizes(vocab=TOKENS))
        theirs = (
            ConformerEncoder(80, **ENCODER),
            TransformerDecoder(TOKENS, 512, **DECODER),
            CTC(TOKENS, 512),
        )
    assert count(ours) == count(*theirs) > 100_000_000
    assert ours.feature_rate == 25
