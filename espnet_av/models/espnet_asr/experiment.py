"""What an experiment of ESPnet's ASR recipes holds, read as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.torch_file import open_torch_file

CONFIG = "config.yaml"
_PREFERRED = ("valid.acc.ave.pth", "valid.*.ave.pth", "valid.*.ave_*best.pth", "valid.*.best.pth")
"""What ESPnet calls its final weights, the first pattern with a file is taken."""


@dataclass(frozen=True)
class EspnetExperiment:
    """Configuration and weights of a training run."""

    path: Path
    """Of the weights."""
    config: dict[str, Any]
    """`config.yaml`."""
    weights: dict[str, Tensor]

    @property
    def tokens(self) -> tuple[str, ...]:
        """`token_list`.

        Raises:
            CheckpointError: the configuration has none.
        """
        tokens = self.config.get("token_list")
        if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
            msg = (
                f"{self.path.parent / CONFIG}: its token_list is no list of tokens; take the "
                "config.yaml that ESPnet wrote into the experiment, not that of the recipe"
            )
            raise CheckpointError(msg)
        return tuple(tokens)

    @property
    def bpe_model(self) -> Path | None:
        """Where the sentencepiece model of its text is, if it has one.

        ESPnet notes a path from the folder of the recipe, in which the experiment is `exp/<tag>`.
        """
        noted = self.config.get("bpemodel")
        if not isinstance(noted, str):
            return None
        folder = self.path.parent
        places = [folder / "../.." / noted, folder / noted, folder / Path(noted).name, Path(noted)]
        return next((place for place in places if place.is_file()), Path(noted))

    def part(self, name: str) -> dict[str, Any]:
        """The section `<name>_conf`; empty if there is none.

        Raises:
            CheckpointError: it is no section.
        """
        section = self.config.get(f"{name}_conf") or {}
        if not isinstance(section, dict):
            msg = f"{self.path.parent / CONFIG}: {name}_conf is no section of keys; copy it again"
            raise CheckpointError(msg)
        return dict(section)


def read_espnet_experiment(path: str | Path, checkpoint: str | None = None) -> EspnetExperiment:
    """Reads an experiment folder of ESPnet, or a file of weights beside its `config.yaml`.

    Nothing in it is run: the pickle is read as data, see `foreign_pickle`.

    Args:
        path: the folder or the file.
        checkpoint: file in the folder; None = the averaged model.

    Raises:
        CheckpointError: something is missing, damaged, not clear, or its pickle is refused.
    """
    path = Path(path)
    if path.is_dir():
        path = path / checkpoint if checkpoint else _find_weights(path)
    config = _read_config(path.parent / CONFIG)
    with open_torch_file(path) as file:
        content = file.content
        if isinstance(content, dict) and isinstance(content.get("model"), dict):
            # checkpoint.pth, from which ESPnet goes on.
            content = content["model"]
        return EspnetExperiment(path=path, config=config, weights=file.tensors(content))


def _find_weights(folder: Path) -> Path:
    for pattern in _PREFERRED:
        # ESPnet links the short name to the file with the number of averaged models.
        found = {path.resolve(): path for path in sorted(folder.glob(pattern)) if path.is_file()}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            names = ", ".join(path.name for path in found.values())
            msg = f"{folder}: has several final models; choose one by --checkpoint: {names}"
            raise CheckpointError(msg)
    msg = (
        f"{folder}: has no final weights (valid.*.ave.pth or valid.*.best.pth); name a file of it "
        "by --checkpoint, or check the folder"
    )
    raise CheckpointError(msg)


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        msg = f"{path}: no such file; ESPnet writes it beside the weights, copy it too"
        raise CheckpointError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        msg = f"{path}: not plain YAML: {' '.join(str(error).split())}"
        raise CheckpointError(msg) from error
    if not isinstance(config, dict):
        msg = f"{path}: expected 'key: value' lines, found a {type(config).__name__}"
        raise CheckpointError(msg)
    return config
