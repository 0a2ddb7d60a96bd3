"""Reading weights and finished experiments."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from espnet_av.config import build, check_choice, load_config
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.unit_set import SUMMARY, read_summary
from espnet_av.errors import CheckpointError, ConfigError, VocabularyError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import AVModel, Sizes
from espnet_av.models.blueprint import blueprint, check_exactly
from espnet_av.models.conversion.archive_check import verify_checksums
from espnet_av.modules.frontend.conv_subsampling import lasting_names
from espnet_av.train.config import TrainConfig
from espnet_av.train.frozen_base import base_path, put_together
from espnet_av.train.remedy import remedy
from espnet_av.train.vocabulary import TOKENS, Vocabulary, token_rows

logger = logging.getLogger(__name__)

_LIGHTNING_PREFIX = "model."


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """State dict of a `.pth`, a Lightning `.ckpt` or a `.safetensors` file, on the CPU.

    Frozen weights that it was written without are taken from the file beside it.

    Only tensors are read; nothing in the file is executed. What torch wrote is read twice, first
    to compare its checksums: torch itself does not look at them.

    Raises:
        CheckpointError: the file, or its base, is missing, damaged, or holds something else.
    """
    path = Path(path)
    try:
        if path.suffix == ".safetensors":
            from espnet_av.hf import load_file

            return lasting_names(load_file(path))
        if not verify_checksums(path, remedy(path)):
            logger.info("%s: has no checksums, so a changed byte in it would go unseen", path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        msg = f"{path}: no such file; check the name, or wait for the run to write it"
        raise CheckpointError(msg) from error
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        msg = (
            f"{path}: holds more than tensors, and foreign pickles are not run ({_first(error)}); "
            "save its plain state dict"
        )
        raise CheckpointError(msg) from error
    except Exception as error:  # torch and safetensors raise their own types for damaged files
        msg = f"{path}: cannot be read ({_first(error)}); the file is damaged, {remedy(path)}"
        raise CheckpointError(msg) from error
    weights = _state_dict(content, path)
    base = base_path(content, path)
    if base is not None:
        weights = put_together(content, read_weights(base), path)
    return lasting_names(weights)


def build_model(
    config: TrainConfig, tokenizer: Tokenizer | None, num_units: int | None = None
) -> AVModel:
    """The model of a training configuration, with fresh weights from torch's generator.

    Args:
        config: names the model.
        tokenizer: None for models that need no text.
        num_units: kinds of unit labels; None: the frame labels that the tokenizer knows, if any.

    Raises:
        ConfigError: there is no such model, its configuration is wrong, or it needs text.
    """
    config_class, model_class = _model_classes(config)
    model_config = build(config_class, config.model_conf, "model_conf")
    if tokenizer is None and needs_text(config):
        msg = f"model {config.model} learns from text; pass --token_dir (stage 8 makes it)"
        raise ConfigError(msg)
    return model_class.from_config(model_config, _sizes(config, tokenizer, num_units))


def needs_text(config: TrainConfig) -> bool:
    """Whether the model of a training configuration learns from text, and so can write it.

    Raises:
        ConfigError: there is no such model.
    """
    return "text" in _model_classes(config)[1].predicts


def read_sizes(exp_dir: Path, config: TrainConfig, weights: dict[str, Tensor]) -> Sizes:
    """Sizes that the model of a training run was built with.

    Args:
        exp_dir: of the run.
        config: of the run.
        weights: of its model.
    """
    tokenizer = _read_tokens(exp_dir, config)
    return _sizes(config, tokenizer, _num_units(exp_dir, config, weights))


def read_train_config(exp_dir: Path) -> TrainConfig:
    """The configuration of a training run.

    Raises:
        CheckpointError: nothing was trained in this folder.
    """
    if not (exp_dir / "config.yaml").is_file():
        msg = f"{exp_dir}: no trained model (no config.yaml); train first, or check the folder"
        raise CheckpointError(msg)
    return load_config(TrainConfig, exp_dir / "config.yaml")


def load_experiment(
    exp_dir: str | Path, checkpoint: str | None = None, device: str | torch.device = "cpu"
) -> tuple[AVModel, TrainConfig, Tokenizer | None]:
    """Model in eval mode, configuration and tokenizer (None: no text) of a training run.

    Args:
        exp_dir: output folder of the run, or a packed model of it when unpacked.
        checkpoint: file name in it; None = the averaged model that its configuration makes.
        device: where the model goes.

    Raises:
        VocabularyError: the tokenizer has another number of tokens than the weights.
        CheckpointError: the weights or the tokens are missing, or the weights are not exactly
            those of the model.
    """
    exp_dir = Path(exp_dir)
    config = read_train_config(exp_dir)
    tokenizer = _read_tokens(exp_dir, config)
    path = exp_dir / (checkpoint or default_checkpoint(config))
    weights = read_weights(path)
    make = partial(build_model, config, tokenizer, _num_units(exp_dir, config, weights))
    shapes = blueprint(make, len(weights), path)
    if tokenizer is not None:
        rows = token_rows(shapes.keys() & weights.keys(), _model_classes(config)[1].token_layers)
        _check_vocabulary(rows, weights, tokenizer, path)
    check_exactly(shapes, weights, path)
    model = make()
    model.load_state_dict(weights)
    return model.to(device).eval(), config, tokenizer


def load_recogniser(
    exp_dir: str | Path, checkpoint: str | None = None, device: str | torch.device = "cpu"
) -> tuple[Any, TrainConfig, Tokenizer]:
    """As `load_experiment`, for all that wants text of the model.

    Raises:
        CheckpointError: see `load_experiment`; or the model writes no text.
    """
    config = read_train_config(Path(exp_dir))
    if not needs_text(config):
        msg = (
            f"{exp_dir}: model {config.model} is pre-trained and writes no text; fine-tune it "
            "(stage 9 with init_param, or --finetune_from) and take that experiment; its features "
            "are for the units stage (5), and 'espnet-av convert --to hf' hands it on"
        )
        raise CheckpointError(msg)
    model, config, tokenizer = load_experiment(exp_dir, checkpoint, device)
    assert tokenizer is not None, "a model that needs text is not built without tokens"
    return model, config, tokenizer


def default_checkpoint(config: TrainConfig) -> str:
    """File name of the model to decode with: the average for the first criterion, else the best."""
    phase, key, _ = config.best_model_criterion[0]
    return (
        f"{phase}.{key}.ave_{config.average}best.pth"
        if config.average
        else f"{phase}.{key}.best.pth"
    )


def _check_vocabulary(
    rows: Sequence[str], weights: dict[str, Tensor], tokenizer: Tokenizer, path: Path
) -> None:
    here = Vocabulary(tokenizer.vocab_size, tokenizer.tokens)
    difference = here.difference(Vocabulary(len(weights[rows[0]]), None)) if rows else None
    if difference is not None:
        msg = (
            f"{path}: {difference} by {path.parent / TOKENS}; put the tokens back that it was "
            "trained with"
        )
        raise VocabularyError(msg)


def _model_classes(config: TrainConfig) -> tuple[Any, type[AVModel]]:
    """Classes of the configuration and of the model itself."""
    return MODELS[check_choice(config.model, MODELS, "model")]


def _read_tokens(exp_dir: Path, config: TrainConfig) -> Tokenizer | None:
    if (exp_dir / TOKENS).is_dir():
        return Tokenizer.load(exp_dir / TOKENS)
    if not needs_text(config):
        return None
    msg = (
        f"{exp_dir / TOKENS}: no such folder, so nobody knows which texts the outputs of this "
        "model are; put the bpe.model and tokens.txt there that it was trained with"
    )
    raise CheckpointError(msg)


def _sizes(config: TrainConfig, tokenizer: Tokenizer | None, num_units: int | None) -> Sizes:
    if num_units is None and tokenizer is not None and tokenizer.units:
        num_units = len(tokenizer.units)
    vocab = tokenizer.vocab_size if tokenizer else None
    return Sizes(vocab=vocab, units=num_units, labels=len(config.dataset.classes) or None)


def _num_units(exp_dir: Path, config: TrainConfig, weights: dict[str, Tensor]) -> int | None:
    """Units that the model predicts; None: no more than the frame labels of its tokens."""
    if (exp_dir / SUMMARY).is_file():
        return int(read_summary(exp_dir)["num_units"])
    # Models that were packed without their units.yaml tell it by the size of a head.
    rows = (f"{layer}.weight" for layer in _model_classes(config)[1].unit_layers)
    return next((len(weights[name]) for name in rows if name in weights), None)


def _state_dict(content: Any, path: Path) -> dict[str, Tensor]:
    is_lightning = isinstance(content, dict) and "pytorch-lightning_version" in content
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
            break
    if is_lightning:
        content = {key.removeprefix(_LIGHTNING_PREFIX): value for key, value in content.items()}
    tensors = isinstance(content, dict) and all(isinstance(v, Tensor) for v in content.values())
    if not tensors or not content:
        msg = f"{path}: holds no state dict (names and tensors); give the weights of a model"
        raise CheckpointError(msg)
    return content


def _first(error: Exception) -> str:
    return (str(error) or repr(error)).splitlines()[0]
