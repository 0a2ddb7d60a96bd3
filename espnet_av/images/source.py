"""What the stage asks of a place that has images: which, and the regions of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from espnet_av.errors import ArrayError
from espnet_av.images.regions import Regions

Found = tuple[str, Regions | ArrayError]
"""An image, and its regions or why it has none."""


class ImageSource(ABC):
    """A file of features, or a folder of pictures."""

    @abstractmethod
    def names(self) -> Sequence[str]:
        """The images that it has, each once."""

    @abstractmethod
    def read(self, names: Sequence[str]) -> Iterator[Found]:
        """Regions of some of its images, in this order."""

    @abstractmethod
    def mark(self, names: Sequence[str]) -> object:
        """What tells the content of these images from another, for fingerprints."""

    @property
    def image_bytes(self) -> int:
        """What an image takes in the archives, about."""
        return 36 * 2048 * 2

    def files(self, name: str) -> Sequence[str]:
        """Files that are of this image alone."""
        return ()

    @abstractmethod
    def describe(self) -> dict[str, object]:
        """What the report says of it."""


def image_name(path: str) -> str:
    """Name of an image that lists give as a path: `val2014/x_1.jpg` is x_1."""
    name = PurePosixPath(path).name
    stem, dot, suffix = name.rpartition(".")
    return stem if dot and suffix.lower() in ("jpg", "jpeg", "png") else name
