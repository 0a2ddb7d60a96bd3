"""What the images stage makes, and how (`conf/images.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from espnet_av.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ImagesConfig:
    """Features of images; a change makes the next run make them again."""

    num_regions: int = 36
    """Of an image that a detector has seen; 0: any number."""
    width: int = 2048
    """Numbers that a detector says of a region; 0: any number."""
    order: Literal["confidence", "file"] = "confidence"
    """Regions that the detector is surest of come first, or they stay as they are."""
    encoder: Literal["hf", "random"] = "hf"
    """What looks at pictures: a vision model of Hugging Face, or a fixed random network."""
    model: str = ""
    """Folder of that model, as `save_pretrained` writes it."""
    grid: int = 7
    """The random network cuts a picture into so many rows and columns."""
    random_width: int = 256
    """Numbers that it says of each."""
    seed: int = 0
    """Of the random network."""
    batch_size: int = 8
    """Pictures that a model looks at together."""
    max_pixels: int = 64_000_000
    """Larger pictures are left out undecoded."""
    sha256: dict[str, str] = field(default_factory=dict)
    """Name of a .tsv -> what `sha256sum` says of a whole copy; another copy is refused."""
    index: dict[str, str] = field(default_factory=dict)
    """Name of an .hdf5 -> JSON of `image: row`, where the file does not name its images."""
    shard_images: int = 256
    """Images in one archive, the unit of parallel work."""
    max_dropped_ratio: float = 0.05
    """Fail when a larger share of the images is dropped."""

    def __post_init__(self) -> None:
        for name in ("shard_images", "grid", "random_width", "batch_size", "max_pixels"):
            if getattr(self, name) < 1:
                msg = f"{name} is {getattr(self, name)}; at least 1"
                raise ConfigError(msg)
        if min(self.num_regions, self.width) < 0:
            msg = f"num_regions {self.num_regions}, width {self.width}: 0 or more"
            raise ConfigError(msg)
        if not 0 <= self.max_dropped_ratio <= 1:
            msg = f"max_dropped_ratio is {self.max_dropped_ratio}; it is a share between 0 and 1"
            raise ConfigError(msg)
