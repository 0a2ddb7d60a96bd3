"""What looks at pictures: features of a grid of patches, as a detector's of its regions."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import Path

import numpy as np

from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.fingerprint import file_fingerprint
from espnet_av.images.config import ImagesConfig

_PATCH = 8
"""Pixels of a patch of the random network."""


class PatchEncoder(ABC):
    """Turns pictures into features of patches."""

    side: int
    """Pixels of a side of the squares that it takes."""

    @abstractmethod
    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """(B, side, side, 3) uint8 to (B, R, D) float32; R is a square: rows, then columns."""

    @abstractmethod
    def mark(self) -> object:
        """What tells its features from those of another."""


def grid_boxes(count: int) -> np.ndarray:
    """(R, 4) float32: where the patches of a square grid are, x1 y1 x2 y2 in shares."""
    side = math.isqrt(count)
    edges = np.linspace(0, 1, side + 1, dtype=np.float32)
    top, left = np.repeat(np.arange(side), side), np.tile(np.arange(side), side)
    return np.stack([edges[left], edges[top], edges[left + 1], edges[top + 1]], axis=1)


def make_encoder(config: ImagesConfig, device: str = "cpu") -> PatchEncoder:
    """The encoder of a configuration.

    Raises:
        ConfigError: no model is named, or transformers is not installed.
        CheckpointError: the model cannot be read, or sees no pictures.
    """
    return RandomEncoder(config) if config.encoder == "random" else HfEncoder(config.model, device)


class RandomEncoder(PatchEncoder):
    """A fixed network of two layers on the pixels of each patch; the seed says all of it.

    Args:
        config: grid, width and seed.
    """

    def __init__(self, config: ImagesConfig) -> None:
        generator, size = np.random.default_rng(config.seed), 3 * _PATCH * _PATCH
        self._grid, self._mark = config.grid, (config.grid, config.random_width, config.seed)
        self.side = config.grid * _PATCH
        self._first = generator.normal(0, math.sqrt(2 / size), (size, config.random_width))
        self._second = generator.normal(
            0, math.sqrt(2 / config.random_width), (config.random_width,) * 2
        )

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """See `PatchEncoder`."""
        grid = self._grid
        # (B, g p, g p, 3) -> (B, g g, p p 3)
        parts = pictures.reshape(-1, grid, _PATCH, grid, _PATCH, 3).swapaxes(2, 3)
        pixels = parts.reshape(len(pictures), grid * grid, -1) / 127.5 - 1
        hidden = np.maximum(pixels @ self._first, 0)
        return np.maximum(hidden @ self._second, 0).astype(np.float32)

    def mark(self) -> object:
        """See `PatchEncoder`."""
        return self._mark


class HfEncoder(PatchEncoder):
    """The last layer of a vision model of Hugging Face, its patches alone.

    Args:
        folder: the model, with `preprocessor_config.json`.
        device: where it runs.
    """

    def __init__(self, folder: str, device: str) -> None:
        # Half a second of imports, which the other encoder does without.
        import torch

        from espnet_av.hf import load_model

        if not folder:
            msg = "model: name the folder of a vision model (ViT, DINOv2, CLIP ...), or take "
            raise ConfigError(msg + "encoder: random")
        self._torch, self._device = torch, device
        model = load_model(Path(folder))
        self._model = getattr(model, "vision_model", model).to(device)
        self.side, self._mean, self._std = _preprocessing(Path(folder))
        self._folder = Path(folder)

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        """See `PatchEncoder`."""
        torch = self._torch
        pixels = (pictures / 255.0 - self._mean) / self._std
        batch = torch.from_numpy(pixels.astype(np.float32).transpose(0, 3, 1, 2).copy())
        try:
            with torch.inference_mode():
                out = self._model(pixel_values=batch.to(self._device)).last_hidden_state
        except (TypeError, ValueError, AttributeError, RuntimeError) as error:
            told = " ".join(str(error).split())[:120]
            msg = f"{self._folder}: does not take pictures of {self.side} pixels ({told}); give a "
            raise CheckpointError(msg + "vision model: ViT, DINOv2, CLIP, Swin, ...") from error
        # (B, D, h, w) -> (B, h w, D); else (B, 1 + R, D): what is not of the picture comes first.
        patches = out.flatten(2).transpose(1, 2) if out.dim() == 4 else out
        count = math.isqrt(patches.shape[1]) ** 2
        features: np.ndarray = patches[:, -count:].float().cpu().numpy()
        return features

    def mark(self) -> object:
        """See `PatchEncoder`; asked for every shard, so the files are read once."""
        return self._fingerprints

    @cached_property
    def _fingerprints(self) -> list[str]:
        names = ("config.json", "preprocessor_config.json", "model.safetensors")
        files = [self._folder / name for name in names]
        return [file_fingerprint(file) for file in files if file.is_file()]


def _preprocessing(folder: Path) -> tuple[int, np.ndarray, np.ndarray]:
    """Side of a picture in pixels, and mean and deviation of its colours."""
    path = folder / "preprocessor_config.json"
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        size = told.get("crop_size") or told["size"]
        side = size if isinstance(size, int) else size.get("height") or size["shortest_edge"]
        colours = [np.array(told[name], np.float64) for name in ("image_mean", "image_std")]
        if not 1 <= int(side) <= 4096 or any(c.shape != (3,) for c in colours):
            msg = f"size {side}, colours {[c.shape for c in colours]}"
            raise ValueError(msg)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        told = " ".join(str(error).split())[:100]
        msg = f"{path}: does not tell size, image_mean and image_std of pictures ({told}); copy "
        raise CheckpointError(msg + "it beside the model") from error
    return int(side), colours[0], colours[1]
