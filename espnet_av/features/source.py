"""Where the frames that become units come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor

from espnet_av.data.batch import Batch
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.errors import CheckpointError
from espnet_av.models.abs_model import AVModel
from espnet_av.ops.mfcc import MFCC_HZ, mfcc_with_deltas


class FeatureSource(Protocol):
    """Turns a batch of utterances into frames."""

    @property
    def rate_hz(self) -> int:
        """Frames a second."""
        ...

    @property
    def modality(self) -> Modalities:
        """What is read of an utterance."""
        ...

    @property
    def video_crop(self) -> int:
        """Side of the square that is read of mouth clips, in pixels."""
        ...

    @property
    def device(self) -> str:
        """Where frames are computed."""
        ...

    @property
    def origin(self) -> Mapping[str, Any]:
        """What the features are, for `units.yaml`; equal features have equal origins."""
        ...

    def extract(self, batch: Batch) -> list[Tensor]:
        """(T, D) float frames of each utterance of a batch on `device`, without padding."""
        ...


@dataclass(frozen=True)
class MfccSource:
    """39-dimensional MFCC with deltas at 100 Hz."""

    device: str = "cpu"
    rate_hz: int = MFCC_HZ
    modality: Modalities = "A"
    video_crop: int = DatasetConfig.video_crop
    origin: Mapping[str, Any] = field(default_factory=lambda: {"features": "mfcc"})

    def extract(self, batch: Batch) -> list[Tensor]:
        """See `FeatureSource`."""
        assert batch.speech is not None and batch.speech_lengths is not None
        lengths = batch.speech_lengths.tolist()
        return [
            mfcc_with_deltas(row[:length])
            for row, length in zip(batch.speech, lengths, strict=True)
        ]


@dataclass(frozen=True)
class ModelSource:
    """One layer of a pre-trained model."""

    load: Callable[[], AVModel]
    """Gives the model, in eval mode on `device`, when it is first needed."""
    layer: int
    """From 1."""
    modality: Modalities
    video_crop: int
    """As in the model's training."""
    origin: Mapping[str, Any]
    device: str = "cpu"

    @cached_property
    def model(self) -> AVModel:
        """It is loaded when it is first needed.

        Raises:
            CheckpointError: it has no features to give.
        """
        model = self.load()
        if not model.layers():
            msg = (
                f"{type(model).__name__} has no layers to take features from; give --exp_dir of a "
                "model with an encoder of numbered layers"
            )
            raise CheckpointError(msg)
        return model

    @property
    def rate_hz(self) -> int:
        """See `FeatureSource`."""
        return int(self.model.feature_rate)

    @torch.inference_mode()
    def extract(self, batch: Batch) -> list[Tensor]:
        """See `FeatureSource`."""
        (features,), lengths = self.model.extract_features(batch.as_dict(), [self.layer])
        return [row[:length] for row, length in zip(features, lengths.tolist(), strict=True)]
