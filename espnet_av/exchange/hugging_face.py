"""An experiment of ours -> a model folder of Hugging Face."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor

from espnet_av.config import build
from espnet_av.errors import CheckpointError
from espnet_av.exchange.output_folder import output_folder
from espnet_av.exchange.request import HF_MODELS, REPORT, ConversionRequest
from espnet_av.hf import save_file
from espnet_av.models import MODELS
from espnet_av.models.hubert import convert as hubert
from espnet_av.models.masked_audio.to_hf import HFModel
from espnet_av.models.wav2vec2 import convert as wav2vec2
from espnet_av.train.loading import default_checkpoint, read_train_config, read_weights

_TO_HF: dict[str, Callable[[Any, Mapping[str, Tensor]], HFModel]] = {
    "xlsr": wav2vec2.to_hf,
    "wav2vec2": wav2vec2.to_hf,
    "hubert": hubert.to_hf,
}
"""Family -> how our model of it is written."""


def write_hugging_face(request: ConversionRequest) -> str:
    """Writes a model folder of Hugging Face; returns the report."""
    config = read_train_config(request.source)
    wanted, to_hf = HF_MODELS[request.family], _TO_HF[request.family]
    if config.model != wanted:
        msg = f"{request.source}: is an experiment with model {config.model}, not {wanted}"
        raise CheckpointError(msg)
    config_class: Any = MODELS[wanted][0]
    model_config = build(config_class, config.model_conf, f"{request.source}/config.yaml")
    path = request.source / (request.checkpoint or default_checkpoint(config))
    made = to_hf(model_config, read_weights(path))
    made.report.check(path, request.family)
    with output_folder(request.out_dir) as folder:
        for name in ("config", "preprocessor"):
            file = folder / ("config.json" if name == "config" else "preprocessor_config.json")
            file.write_text(json.dumps(getattr(made, name), indent=2) + "\n", encoding="utf-8")
        weights = {name: value.contiguous() for name, value in made.weights.items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / REPORT).write_text(made.report.text(every=True) + "\n", encoding="utf-8")
    return made.report.text()
