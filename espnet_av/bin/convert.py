"""Weights of Hugging Face or fairseq -> an experiment folder of ours, or back to Hugging Face.

IN is a model folder of Hugging Face, a file of it, or a checkpoint of fairseq; with `--to hf` it is
an experiment. OUT can be trained further (`init_param`), decoded with, or give features for units.
Nothing in a foreign checkpoint is run. What became of every weight is in OUT/conversion.txt.

    convert --family xlsr wav2vec2-xls-r-300m exp/xlsr_300m
    convert --family xlsr --to xlavsr --visual large_vox_iter5.pt xlsr2_300m.pt exp/xlavsr_start
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from espnet_av.atomic import atomic_dir
from espnet_av.command import stage_parser, user_errors
from espnet_av.config import build
from espnet_av.data.fairseq_tokens import save_fairseq_tokens
from espnet_av.data.units import SUMMARY
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.models import MODELS
from espnet_av.models.avhubert import convert as avhubert
from espnet_av.models.avhubert.start_xlavsr import start_xlavsr
from espnet_av.models.avsr import convert as avsr
from espnet_av.models.converted import Converted
from espnet_av.models.foreign_checkpoint import ForeignCheckpoint, read_foreign_checkpoint
from espnet_av.models.hubert import convert as hubert
from espnet_av.models.masked_audio.to_hf import HFModel
from espnet_av.models.wav2vec2 import convert as wav2vec2
from espnet_av.provenance import write_provenance
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import TOKENS, default_checkpoint, read_train_config, read_weights

REPORT = "conversion.txt"
_WITH_UNITS = ("hubert", "avhubert")
_TO_HF: dict[str, tuple[str, Callable[[Any, Mapping[str, torch.Tensor]], HFModel]]] = {
    "xlsr": ("wav2vec2", wav2vec2.to_hf),
    "wav2vec2": ("wav2vec2", wav2vec2.to_hf),
    "hubert": ("hubert", hubert.to_hf),
}
"""Family -> (our model, how it is written for Hugging Face)."""
FAMILIES = (*_TO_HF, "avhubert", "avhubert_finetuned")


def get_parser() -> argparse.ArgumentParser:
    """Command-line options."""
    parser = stage_parser("convert", __doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--family", choices=FAMILIES, required=True, help="what IN is")
    parser.add_argument(
        "--to", choices=["ours", "hf", "xlavsr"], default="ours", help="what OUT will be"
    )
    parser.add_argument(
        "--frame_rate", type=int, choices=[25, 50], help="of XLAVS-R, in Hz; none: 50"
    )
    parser.add_argument("--visual", type=Path, help="AV-HuBERT whose ResNet XLAVS-R starts with")
    parser.add_argument("--num_units", type=int, help="units of a head that IN does not have")
    parser.add_argument("--checkpoint", help="with --to hf, file in IN; none: the averaged model")
    parser.add_argument("source", metavar="IN", type=Path, help="file or folder to read")
    parser.add_argument("out_dir", metavar="OUT", type=Path, help="folder to write")
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Convert, and print the report."""
    options = get_parser().parse_args(arguments)
    with user_errors("convert"):
        _check_options(options)
        if options.to == "hf":
            text = _convert_to_hf(options)
        else:
            checkpoint = read_foreign_checkpoint(options.source)
            converted = _convert(options, checkpoint)
            text = _report(converted)
            _write_experiment(options.out_dir, checkpoint, converted)
    print(f"{options.source} -> {options.out_dir}\n{text}")


def _check_options(options: argparse.Namespace) -> None:
    """Options that would be without effect, and folders that hold something else.

    Raises:
        ConfigError: there is one.
    """
    if options.to != "xlavsr" and (options.frame_rate or options.visual):
        msg = "--frame_rate and --visual are of XLAVS-R; add --to xlavsr"
        raise ConfigError(msg)
    if options.to != "hf" and options.checkpoint:
        msg = "--checkpoint names a file of an experiment; it goes with --to hf"
        raise ConfigError(msg)
    uses_units = options.to == "xlavsr" or (options.to == "ours" and options.family in _WITH_UNITS)
    if options.num_units is not None and (not uses_units or options.num_units < 1):
        msg = f"--num_units {options.num_units}: {options.family} --to {options.to} has no units"
        raise ConfigError(msg if not uses_units else "--num_units must be 1 or more")
    audio_only = options.family in _TO_HF
    if options.to != "ours" and not audio_only:
        msg = f"--to {options.to} takes {', '.join(_TO_HF)}, not {options.family}"
        raise ConfigError(msg)
    if options.out_dir.exists() and not (options.out_dir / REPORT).is_file():
        msg = f"{options.out_dir}: holds something else; choose another folder, or remove it"
        raise ConfigError(msg)


def _convert(options: argparse.Namespace, checkpoint: ForeignCheckpoint) -> Converted:
    """Our model."""
    if options.to == "xlavsr":
        visual = read_foreign_checkpoint(options.visual) if options.visual else None
        checkpoint.check_family("wav2vec2" if options.family == "xlsr" else options.family)
        return start_xlavsr(
            checkpoint,
            frame_rate=options.frame_rate or 50,
            visual=visual,
            num_units=options.num_units,
        )
    if options.family == "hubert":
        return hubert.convert(checkpoint, num_units=options.num_units)
    if options.family == "avhubert":
        return avhubert.convert(checkpoint, num_units=options.num_units)
    if options.family == "avhubert_finetuned":
        return avsr.convert(checkpoint)
    return wav2vec2.convert(checkpoint, is_xlsr=options.family == "xlsr")


def _report(converted: Converted, every: bool = False) -> str:
    """Notes and the account of the weights."""
    notes = [f"note: {note}" for note in converted.notes]
    return "\n".join([*notes, converted.report.text(every)])


def _write_experiment(out_dir: Path, checkpoint: ForeignCheckpoint, converted: Converted) -> None:
    """Configuration, weights, report, and what else the checkpoint had."""
    config = TrainConfig(model=converted.model, model_conf=converted.model_conf, average=0)
    with atomic_dir(out_dir) as folder:
        write_provenance(folder, config)
        torch.save(converted.weights, folder / default_checkpoint(config))
        (folder / REPORT).write_text(_report(converted, every=True) + "\n", encoding="utf-8")
        if converted.num_units is not None:
            with (folder / SUMMARY).open("w", encoding="utf-8") as stream:
                yaml.safe_dump(_units_summary(checkpoint, converted), stream, sort_keys=False)
        if checkpoint.tokenizer is not None and checkpoint.token_symbols is not None:
            save_fairseq_tokens(checkpoint.tokenizer, checkpoint.token_symbols, folder / TOKENS)


def _units_summary(checkpoint: ForeignCheckpoint, converted: Converted) -> dict[str, Any]:
    """`units.yaml` of the experiment: how many units its head has, and whose they are."""
    vectors = converted.weights["units_head.label_embs"].float().contiguous()
    return {
        "num_units": converted.num_units,
        "rate_hz": converted.model_conf["frame_rate"],
        "checksum": hashlib.sha256(vectors.numpy().tobytes()).hexdigest(),
        "source": {"checkpoint": checkpoint.path.name},
        "sets": {},
    }


def _convert_to_hf(options: argparse.Namespace) -> str:
    """Writes a model folder of Hugging Face; returns the report."""
    config = read_train_config(options.source)
    wanted, to_hf = _TO_HF[options.family]
    if config.model != wanted:
        msg = f"{options.source}: is an experiment with model {config.model}, not {wanted}"
        raise CheckpointError(msg)
    config_class: Any = MODELS[wanted][0]
    model_config = build(config_class, config.model_conf, f"{options.source}/config.yaml")
    path = options.source / (options.checkpoint or default_checkpoint(config))
    made = to_hf(model_config, read_weights(path))
    made.report.check(path, options.family)
    with atomic_dir(options.out_dir) as folder:
        for name in ("config", "preprocessor"):
            file = folder / ("config.json" if name == "config" else "preprocessor_config.json")
            file.write_text(json.dumps(getattr(made, name), indent=2) + "\n", encoding="utf-8")
        weights = {name: value.contiguous() for name, value in made.weights.items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / REPORT).write_text(made.report.text(every=True) + "\n", encoding="utf-8")
    return made.report.text()


if __name__ == "__main__":
    main()
