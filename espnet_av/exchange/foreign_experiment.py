"""A foreign checkpoint -> an experiment of ours, with a report of what became of every weight."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml

from espnet_av.config import build
from espnet_av.data.espnet_tokens import save_espnet_tokens
from espnet_av.data.fairseq_tokens import save_fairseq_tokens
from espnet_av.data.unit_set import SUMMARY
from espnet_av.exchange.output_folder import output_folder
from espnet_av.exchange.request import ESPNET, GROUNDED, REPORT, WITH_LIPS, ConversionRequest
from espnet_av.fingerprint import fingerprint
from espnet_av.models import MODELS
from espnet_av.models.avhubert import convert as avhubert
from espnet_av.models.avhubert.start_xlavsr import start_xlavsr
from espnet_av.models.avsr import convert as avsr
from espnet_av.models.conversion.converted import Converted
from espnet_av.models.conversion.foreign_checkpoint import (
    ForeignCheckpoint,
    read_foreign_checkpoint,
)
from espnet_av.models.espnet_asr import EspnetExperiment, read_espnet_experiment
from espnet_av.models.espnet_asr import convert as espnet_asr
from espnet_av.models.hubert import convert as hubert
from espnet_av.models.vgs.bundle import read_bundle
from espnet_av.models.vgs.convert import convert_fast_vgs, convert_vg_hubert
from espnet_av.models.wav2vec2 import convert as wav2vec2
from espnet_av.provenance import write_provenance
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import TOKENS, default_checkpoint
from espnet_av.train.longest import write_longest

_LIPS = {
    "visual_frontend": "resnet",
    "fusion": "sum",
    "modality_dropout": {"drop_prob": 0.5, "audio_given_drop": 0.5, "per": "utterance"},
}
_LIPS_LEARN_FASTER = [
    {"prefix": "frontend.visual."},
    {"prefix": "frontend.fusion."},
    {"prefix": "", "lr_scale": 0.1},
]
_GROUNDED = {"fast_vgs": convert_fast_vgs, "vg_hubert": convert_vg_hubert}
TokenWriter = Callable[[Path], Any]
"""Writes the tokens of a recogniser to a folder."""


def write_ours(request: ConversionRequest) -> str:
    """Writes the experiment; returns the report."""
    converted, write_tokens = _read(request)
    text = _report(converted)
    _write_experiment(request, converted, write_tokens)
    return text


def _read(request: ConversionRequest) -> tuple[Converted, TokenWriter | None]:
    """Our model, and its tokens if they come with it."""
    if request.family == ESPNET:
        experiment = read_espnet_experiment(request.source, request.checkpoint)
        return espnet_asr(experiment), partial(_write_espnet_tokens, experiment, request.bpe_model)
    if request.family in GROUNDED:
        bundle = read_bundle(request.source, request.family)
        return _GROUNDED[request.family](bundle, num_units=request.num_units), None
    checkpoint = read_foreign_checkpoint(request.source)
    converted = _convert(request, checkpoint)
    if checkpoint.tokenizer is None or checkpoint.token_symbols is None:
        return converted, None
    return converted, partial(save_fairseq_tokens, checkpoint.tokenizer, checkpoint.token_symbols)


def _write_espnet_tokens(
    experiment: EspnetExperiment, bpe_model: Path | None, out_dir: Path
) -> None:
    save_espnet_tokens(
        experiment.tokens,
        str(experiment.config.get("token_type", "bpe")),
        bpe_model or experiment.bpe_model,
        out_dir,
        str(experiment.path),
    )


def _convert(request: ConversionRequest, checkpoint: ForeignCheckpoint) -> Converted:
    """Our model."""
    if request.to == "xlavsr":
        visual = read_foreign_checkpoint(request.visual) if request.visual else None
        checkpoint.check_family("wav2vec2" if request.family == "xlsr" else request.family)
        return start_xlavsr(
            checkpoint,
            frame_rate=request.frame_rate or 50,
            visual=visual,
            num_units=request.num_units,
        )
    if request.family == "hubert":
        return hubert.convert(checkpoint, num_units=request.num_units)
    if request.family == "avhubert":
        return avhubert.convert(checkpoint, num_units=request.num_units)
    if request.family == "avhubert_finetuned":
        return avsr.convert(checkpoint)
    return wav2vec2.convert(checkpoint, is_xlsr=request.family == "xlsr")


def _report(converted: Converted, every: bool = False) -> str:
    """Notes and the account of the weights."""
    notes = [f"note: {note}" for note in converted.notes]
    return "\n".join([*notes, converted.report.text(every)])


def _write_experiment(
    request: ConversionRequest, converted: Converted, write_tokens: TokenWriter | None
) -> None:
    """Configuration, weights, report, and what else the checkpoint had."""
    config = TrainConfig(model=converted.model, model_conf=converted.model_conf, average=0)
    with output_folder(request.out_dir) as folder:
        write_provenance(folder, config)
        torch.save(converted.weights, folder / default_checkpoint(config))
        (folder / REPORT).write_text(_report(converted, every=True) + "\n", encoding="utf-8")
        if converted.num_units is not None:
            with (folder / SUMMARY).open("w", encoding="utf-8") as stream:
                summary = _units_summary(request.source.name, converted)
                yaml.safe_dump(summary, stream, sort_keys=False)
        if converted.longest_sec is not None:
            write_longest(folder, converted.longest_sec)
        if write_tokens is not None:
            write_tokens(folder / TOKENS)
        if request.family == ESPNET:
            _write_config_with_lips(folder / WITH_LIPS, converted)


def _write_config_with_lips(path: Path, converted: Converted) -> None:
    """A training configuration for the same model with a visual branch that adds nothing yet."""
    model_conf = converted.model_conf | _LIPS
    content = {
        "model": converted.model,
        "model_conf": model_conf,
        "param_groups": _LIPS_LEARN_FASTER,
    }
    build(TrainConfig, content, path.name)
    config_class: Any = MODELS[converted.model][0]
    build(config_class, model_conf, path.name)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("# The converted recogniser with lips; set steps, optimiser and noise here.\n")
        yaml.safe_dump(content, stream, sort_keys=False)


def _units_summary(source: str, converted: Converted) -> dict[str, Any]:
    """`units.yaml` of the experiment: how many units its head has, and whose they are."""
    vectors = converted.weights["units_head.label_embs"].float().contiguous()
    return {
        "num_units": converted.num_units,
        "rate_hz": converted.model_conf["frame_rate"],
        "checksum": fingerprint([vectors.numpy().tobytes()]),
        "source": {"checkpoint": source},
        "sets": {},
    }
