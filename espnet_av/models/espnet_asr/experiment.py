"""What an experiment of ESPnet's ASR recipes holds, read as plain data."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.torch_file import open_torch_file
from espnet_av.models.espnet_asr.packed import TOKENS, is_packed, unpack
from espnet_av.rates import SAMPLE_RATE
from espnet_av.temporary import temporary_folder
from espnet_av.yaml_file import read_yaml_keys

CONFIG = "config.yaml"
_PREFERRED = ("valid.acc.ave.pth", "valid.*.ave.pth", "valid.*.ave_*best.pth", "valid.*.best.pth")
"""What ESPnet calls its final weights, the first pattern with a file is taken."""
_TARS = (".tar", ".tgz", ".gz", ".tbz2", ".bz2", ".txz", ".xz")
"""What ESPnet packed models as before it took zips."""


@dataclass(frozen=True)
class EspnetExperiment:
    """Configuration and weights of a training run."""

    path: Path
    """Of the weights."""
    config: dict[str, Any]
    """`config.yaml`."""
    weights: dict[str, Tensor]
    unpacked: tempfile.TemporaryDirectory[str] | None = None
    """Where its files are for as long as this lives, if all came in one zip."""

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
        name = Path(noted).name
        if (
            self.unpacked is not None
            and (place := Path(self.unpacked.name, TOKENS, name)).is_file()
        ):
            return place
        folder = self.path.parent
        places = [folder / "../.." / noted, folder / noted, folder / name, Path(noted)]
        return next((place for place in places if place.is_file()), Path(noted))

    @property
    def longest_sec(self) -> float | None:
        """Seconds of the longest training utterance, by the lengths that stage 10 of ESPnet wrote.

        None: they are gone, or are not of sound at 16 kHz.
        """
        shapes = self.config.get("train_shape_file") or [""]
        noted = str(shapes[0]) if isinstance(shapes, list) else ""
        folder = self.path.parent
        places = [folder / "../.." / noted, folder / noted, Path(noted)]
        path = next((p for p in places if p.name == "speech_shape" and p.is_file()), None)
        if path is None:
            return None
        values = [
            line.split()[-1] for line in path.read_text(encoding="utf-8").splitlines() if line
        ]
        if not values or not all(value.isdecimal() for value in values):
            return None  # features: frames and their size
        return max(map(int, values)) / SAMPLE_RATE or None

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
    """Reads an experiment folder of ESPnet, a file of weights beside its `config.yaml`, or a zip.

    Nothing in it is run: the pickle is read as data, see `foreign_pickle`.

    Args:
        path: the folder, the file, or a model that ESPnet packed.
        checkpoint: file in the folder; None = the averaged model.

    Raises:
        CheckpointError: something is missing, damaged, not clear, or its pickle is refused.
    """
    path = Path(path)
    if checkpoint and path.is_file():
        msg = f"{path}: is one file, --checkpoint {checkpoint} names one of a folder; leave it out"
        raise CheckpointError(msg)
    if path.is_file() and is_packed(path):
        return _read_packed(path)
    if path.is_file() and path.suffix in _TARS:
        msg = f"{path}: is a tar archive; unpack it, and give the folder exp/<tag> that is in it"
        raise CheckpointError(msg)
    if path.is_dir():
        path = path / checkpoint if checkpoint else _find_weights(path)
    config = _read_config(path.parent / CONFIG)
    return EspnetExperiment(path, config, _read_weights(path))


def _read_packed(path: Path) -> EspnetExperiment:
    unpacked = temporary_folder()
    folder = Path(unpacked.name)
    weights = unpack(path, folder)
    try:
        config = _read_config(folder / CONFIG)
        return EspnetExperiment(path / CONFIG, config, _read_weights(weights), unpacked)
    except CheckpointError as error:
        # Nobody knows the folder, which is gone by then.
        raise CheckpointError(str(error).replace(str(folder), str(path))) from error


def _read_weights(path: Path) -> dict[str, Tensor]:
    with open_torch_file(path) as file:
        content = file.content
        if isinstance(content, dict) and isinstance(content.get("model"), dict):
            # checkpoint.pth, from which ESPnet goes on.
            content = content["model"]
        return file.tensors(content)


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
    inner = sorted(path.parent for path in folder.glob(f"exp/*/{CONFIG}"))
    msg = (
        f"{folder}: has no final weights (valid.*.ave.pth or valid.*.best.pth); "
        + (f"give the experiment in it, {inner[0]}" if inner else
           "name a file of it by --checkpoint, or check the folder")
    )  # fmt: skip
    raise CheckpointError(msg)


def _read_config(path: Path) -> dict[str, Any]:
    return read_yaml_keys(path, CheckpointError, "ESPnet writes it beside the weights, copy it too")
