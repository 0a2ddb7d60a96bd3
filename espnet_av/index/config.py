"""How the vectors of an index are made."""

from __future__ import annotations

from dataclasses import dataclass

from espnet_av.data.dataset_config import Modalities
from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class IndexConfig:
    """What decides the content of an index, besides the model and the sets."""

    modality: Modalities = "A"
    """What is read of an utterance: sound, lips, or whichever of both it has."""
    batch_frames: int = 4000
    """Frames at 25 Hz that are computed together, padding included."""
    shard_utts: int = 16384
    """Utterances of one archive, the unit of parallel work."""
    max_dropped_ratio: float = 0.01
    """Fail when a larger share of the utterances has no vector."""

    def __post_init__(self) -> None:
        for name in ("batch_frames", "shard_utts"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; at least 1"
                raise ConfigError(msg)
