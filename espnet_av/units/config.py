"""How unit labels are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from espnet_av.config import Bytes
from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class KMeansConfig:
    """Settings of `ops.kmeans.fit_kmeans`; the defaults are those of HuBERT and AV-HuBERT."""

    batch_size: int = 10_000
    """Frames in a mini-batch."""
    max_iter: int = 100
    """Mini-batches hold at most this many times the frames there are."""
    n_init: int = 20
    """Starts; the best is trained."""
    tol: float = 0.0
    """Stop when the centres move less than this share of the variance; 0: never for that."""
    max_no_improvement: int = 100
    """Stop after so many mini-batches without improvement."""
    full_passes: int = 5
    """Passes over all frames at the end, which also fill empty clusters."""

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_iter", "n_init", "max_no_improvement", "full_passes"):
            if getattr(self, name) < 1:
                msg = f"kmeans: {name} is {getattr(self, name)}; it is at least 1"
                raise ConfigError(msg)
        if self.tol < 0:
            msg = f"kmeans: tol is {self.tol}; it is 0 (off) or a small positive share"
            raise ConfigError(msg)


@dataclass(frozen=True, kw_only=True)
class UnitsConfig:
    """Features, clustering and layout of unit labels."""

    features: Literal["mfcc", "model"] = "mfcc"
    """39-dimensional MFCC with deltas at 100 Hz, or a layer of a pre-trained model (--exp_dir)."""
    layer: int | None = None
    """Layer of the model, from 1: the residual stream behind it, before the last norm."""
    modality: Modalities = "A"
    """What the features are computed from; `AV` takes the one stream of utterances that have only
    one."""
    num_units: int = 100
    """K, clusters."""
    sample_share: float = 0.1
    """Share of the training utterances that k-means is fitted on, chosen by hash."""
    max_memory: Bytes = 8 * 10**9
    """Memory for the frames k-means is fitted on; when the chosen utterances have more, each gives
    an even share of its frames."""
    seed: int = 0
    """Of the choice of utterances and frames, and of k-means."""
    batch_frames: int = 2000
    """Frames at 25 Hz in a batch of the model, padding included."""
    shard_utts: int = 512
    """Utterances in one archive, the unit of parallel work."""
    max_dropped_ratio: float = 0.05
    """Fail when a larger share of a set cannot be labelled."""
    kmeans: KMeansConfig = field(default_factory=KMeansConfig)
    """Clustering."""

    def __post_init__(self) -> None:
        if (self.features == "model") != (self.layer is not None):
            msg = (
                f"features: {self.features} with layer: {self.layer}; a model needs a layer (from "
                "1), and mfcc has none"
            )
            raise ConfigError(msg)
        if self.features == "mfcc" and self.modality != "A":
            msg = f"features: mfcc are of sound, modality: {self.modality}; set modality: A"
            raise ConfigError(msg)
        for name in ("num_units", "batch_frames", "shard_utts", "max_memory"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; it is at least 1"
                raise ConfigError(msg)
        if self.layer is not None and self.layer < 1:
            msg = f"layer is {self.layer}; layers are counted from 1"
            raise ConfigError(msg)
        if not 0 < self.sample_share <= 1 or not 0 <= self.max_dropped_ratio <= 1:
            msg = "sample_share is above 0 and at most 1, max_dropped_ratio between 0 and 1"
            raise ConfigError(msg)
