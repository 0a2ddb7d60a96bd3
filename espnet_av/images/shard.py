"""One shard of images: a fixed run of them, whose features and boxes go into an archive each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from espnet_av.data.ark import ArkWriter
from espnet_av.data.dropped import Drop
from espnet_av.data.shard import Shard, ShardRecord
from espnet_av.data.shard_fingerprint import work_fingerprint
from espnet_av.errors import ArrayError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.regions import Regions
from espnet_av.images.source import ImageSource


class ImagePlace(NamedTuple):
    """Where an image comes from."""

    source: int
    """Number of the source, from 0."""
    name: str
    """How the source calls it."""


@dataclass
class ImageRecord(ShardRecord):
    """What a finished shard of images holds, by image."""

    image: dict[str, str] = field(default_factory=dict)
    """`image.<shard>.ark:<offset>`."""
    boxes: dict[str, str] = field(default_factory=dict)
    """`boxes.<shard>.ark:<offset>`."""
    shapes: dict[str, list[str]] = field(default_factory=dict)
    """`<regions> x <width>` -> the first image of this shape, and how many there are."""


@dataclass(frozen=True)
class ImageShard(Shard[ImageRecord]):
    """A run of images; `utt_ids` are their names."""

    stage: ClassVar[str] = "images"
    unit: ClassVar[str] = "image"
    sources: Sequence[ImageSource]
    places: Mapping[str, ImagePlace]
    """Of all images."""
    config: ImagesConfig

    def new_record(self, **content: Any) -> ImageRecord:
        """See `Shard`."""
        return ImageRecord(**content)

    def pointers(self, record: ImageRecord) -> Iterable[str]:
        """See `Shard`."""
        # Both archives are there even if every image was dropped.
        return [f"{self.ark_path(kind).name}:0" for kind in ("image", "boxes")]

    def source_files(self, utt_id: str) -> Iterable[str]:
        """See `Shard`."""
        place = self.places[utt_id]
        return self.sources[place.source].files(place.name)

    def expected_bytes(self, utt_id: str) -> float:
        """See `Shard`."""
        return self.sources[self.places[utt_id].source].image_bytes

    def fingerprint(self) -> str:
        """Digest of the configuration, the names, and what their sources hold."""
        rows: list[tuple[object, ...]] = [(name, *self.places[name]) for name in self.utt_ids]
        rows += [(number, self.sources[number].mark(n)) for number, n in self._by_source().items()]
        return work_fingerprint(self.config, rows)

    def pack(self, record: ImageRecord, advance: Callable[[], None]) -> None:
        """Fill both archives; an image that cannot be used is dropped."""
        # Of a source that numbers its images, one may stand for several.
        names: dict[ImagePlace, list[str]] = {}
        for name in self.utt_ids:
            names.setdefault(self.places[name], []).append(name)
        with ExitStack() as stack:
            image = stack.enter_context(ArkWriter(self.ark_path("image")))
            boxes = stack.enter_context(ArkWriter(self.ark_path("boxes")))
            for number, own in self._by_source().items():
                for there, found in self.sources[number].read(own):
                    for name in names[ImagePlace(number, there)]:
                        _write(record, name, found, image, boxes)
                        advance()

    def _by_source(self) -> dict[int, list[str]]:
        """Number of a source -> what of this shard it has, as it calls it."""
        found: dict[int, list[str]] = {}
        for name in self.utt_ids:
            place = self.places[name]
            found.setdefault(place.source, []).append(place.name)
        return {number: list(dict.fromkeys(own)) for number, own in found.items()}


def _write(
    record: ImageRecord, name: str, found: Regions | ArrayError, image: ArkWriter, boxes: ArkWriter
) -> None:
    """One image into both archives, or why not."""
    try:
        if isinstance(found, ArrayError):
            raise found
        record.image[name] = image.write_array(name, found.features)
        record.boxes[name] = boxes.write_array(name, found.boxes)
        _count(record, name, found.features.shape)
    except ArrayError as error:
        record.image.pop(name, None)
        record.dropped.append(Drop(name, error.reason, str(error)))


def _count(record: ImageRecord, name: str, shape: tuple[int, ...]) -> None:
    first, count = record.shapes.get(" x ".join(map(str, shape)), (name, "0"))
    record.shapes[" x ".join(map(str, shape))] = [first, str(int(count) + 1)]
