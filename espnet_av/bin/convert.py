r"""Weights of Hugging Face, fairseq or ESPnet -> an experiment of ours, or back to Hugging Face.

IN is a model folder of Hugging Face, a file of it, a checkpoint of fairseq, or of ESPnet's ASR
recipes an experiment folder or the zip it was packed in; with `--to hf` it is an experiment of
ours. OUT can be trained further (`init_param`), decoded with, or give features for units. Nothing
in a foreign checkpoint is run. What became of every weight is in OUT/conversion.txt. An earlier
conversion in OUT is replaced if nothing else was put there.

    convert --family xlsr wav2vec2-xls-r-300m exp/xlsr_300m
    convert --family xlsr --to xlavsr --visual large_vox_iter5.pt xlsr2_300m.pt exp/xlavsr_start

A recogniser of ESPnet (Conformer or E-Branchformer; CTC, attention, transducer) keeps its outputs
and its tokens. OUT/train_av.yaml is the same with lips, which add nothing at first. In a recipe:

    convert --family espnet_asr ../asr1/exp/asr_train_conformer exp/espnet_asr
    ./run.sh --finetune_from exp/espnet_asr --train_config exp/espnet_asr/train_av.yaml \
        --token_dir exp/espnet_asr/tokens --skip_stages 8 --system ""
"""

from __future__ import annotations

import argparse
import filecmp
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from espnet_av.atomic import atomic_dir
from espnet_av.command import stage_parser, user_errors
from espnet_av.config import build
from espnet_av.data.espnet_tokens import save_espnet_tokens
from espnet_av.data.fairseq_tokens import save_fairseq_tokens
from espnet_av.data.units import SUMMARY
from espnet_av.errors import CheckpointError, ConfigError
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
from espnet_av.models.masked_audio.to_hf import HFModel
from espnet_av.models.wav2vec2 import convert as wav2vec2
from espnet_av.provenance import write_provenance
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import TOKENS, default_checkpoint, read_train_config, read_weights
from espnet_av.train.longest import write_longest

REPORT, WITH_LIPS = "conversion.txt", "train_av.yaml"
_ESPNET = "espnet_asr"
_WITH_UNITS = ("hubert", "avhubert")
_TO_HF: dict[str, tuple[str, Callable[[Any, Mapping[str, torch.Tensor]], HFModel]]] = {
    "xlsr": ("wav2vec2", wav2vec2.to_hf),
    "wav2vec2": ("wav2vec2", wav2vec2.to_hf),
    "hubert": ("hubert", hubert.to_hf),
}
"""Family -> (our model, how it is written for Hugging Face)."""
FAMILIES = (*_TO_HF, "avhubert", "avhubert_finetuned", _ESPNET)
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
TokenWriter = Callable[[Path], Any]
"""Writes the tokens of a recogniser to a folder."""


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
    parser.add_argument(
        "--checkpoint", help=f"of {_ESPNET} or --to hf, file in IN; none: the averaged model"
    )
    parser.add_argument(
        "--bpe_model", type=Path, help=f"of {_ESPNET}, if it is not where its config.yaml says"
    )
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
            converted, write_tokens = _read(options)
            text = _report(converted)
            _write_experiment(options, converted, write_tokens)
    print(f"{options.source} -> {options.out_dir}\n{text}")


def _check_options(options: argparse.Namespace) -> None:
    """Options that would be without effect, and folders that hold something else.

    Raises:
        ConfigError: there is one.
    """
    if options.to != "xlavsr" and (options.frame_rate or options.visual):
        msg = "--frame_rate and --visual are of XLAVS-R; add --to xlavsr"
        raise ConfigError(msg)
    if options.to != "hf" and options.family != _ESPNET and options.checkpoint:
        msg = f"--checkpoint names a file of an experiment; it goes with --to hf or {_ESPNET}"
        raise ConfigError(msg)
    if options.bpe_model and options.family != _ESPNET:
        msg = f"--bpe_model is of {_ESPNET}; leave it out"
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
    for path in filter(None, (options.source, options.visual, options.bpe_model)):
        if path.resolve().is_relative_to(options.out_dir.resolve()):
            msg = f"{path}: is read, and would be replaced by the output; choose another OUT"
            raise ConfigError(msg)


@contextmanager
def output_folder(out_dir: Path) -> Iterator[Path]:
    """A folder that replaces an earlier conversion in `out_dir` when the block succeeds.

    Raises:
        ConfigError: this would lose what somebody else put there.
    """
    with atomic_dir(out_dir) as folder:
        yield folder
        made = {path.relative_to(folder) for path in folder.rglob("*")}
        there = {path.relative_to(out_dir) for path in out_dir.rglob("*")}
        lost = {str(path) for path in there - made}
        # The one file that is there to be edited.
        if Path(WITH_LIPS) in there & made and not filecmp.cmp(
            out_dir / WITH_LIPS, folder / WITH_LIPS, shallow=False
        ):
            lost.add(WITH_LIPS)
        if lost:
            msg = (
                f"{out_dir}: {', '.join(sorted(lost)[:8])} would be lost; choose another folder, "
                "or remove what you do not need"
            )
            raise ConfigError(msg)


def _read(options: argparse.Namespace) -> tuple[Converted, TokenWriter | None]:
    """Our model, and its tokens if they come with it."""
    if options.family == _ESPNET:
        experiment = read_espnet_experiment(options.source, options.checkpoint)
        return espnet_asr(experiment), partial(_write_espnet_tokens, experiment, options.bpe_model)
    checkpoint = read_foreign_checkpoint(options.source)
    converted = _convert(options, checkpoint)
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


def _write_experiment(
    options: argparse.Namespace, converted: Converted, write_tokens: TokenWriter | None
) -> None:
    """Configuration, weights, report, and what else the checkpoint had."""
    config = TrainConfig(model=converted.model, model_conf=converted.model_conf, average=0)
    with output_folder(options.out_dir) as folder:
        write_provenance(folder, config)
        torch.save(converted.weights, folder / default_checkpoint(config))
        (folder / REPORT).write_text(_report(converted, every=True) + "\n", encoding="utf-8")
        if converted.num_units is not None:
            with (folder / SUMMARY).open("w", encoding="utf-8") as stream:
                summary = _units_summary(options.source.name, converted)
                yaml.safe_dump(summary, stream, sort_keys=False)
        if converted.longest_sec is not None:
            write_longest(folder, converted.longest_sec)
        if write_tokens is not None:
            write_tokens(folder / TOKENS)
        if options.family == _ESPNET:
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
        "checksum": hashlib.sha256(vectors.numpy().tobytes()).hexdigest(),
        "source": {"checkpoint": source},
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
    with output_folder(options.out_dir) as folder:
        for name in ("config", "preprocessor"):
            file = folder / ("config.json" if name == "config" else "preprocessor_config.json")
            file.write_text(json.dumps(getattr(made, name), indent=2) + "\n", encoding="utf-8")
        weights = {name: value.contiguous() for name, value in made.weights.items()}
        save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
        (folder / REPORT).write_text(made.report.text(every=True) + "\n", encoding="utf-8")
    return made.report.text()


if __name__ == "__main__":
    main()
