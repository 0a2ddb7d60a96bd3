"""What the images stage has made, and of what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import yaml

from espnet_av.atomic import atomic_write
from espnet_av.config import to_dict
from espnet_av.data.dropped import Drop
from espnet_av.errors import DataDirError
from espnet_av.images.config import ImagesConfig
from espnet_av.images.shard import ImageRecord
from espnet_av.images.source import ImageSource


def write_report(
    out_dir: Path,
    sources: Sequence[ImageSource],
    records: Sequence[ImageRecord],
    drops: Sequence[Drop],
    config: ImagesConfig,
) -> None:
    """Write `images.yaml`: counts, shapes, where the images come from; no date.

    Raises:
        DataDirError: images have features of different widths.
    """
    shapes, first = Counter[str](), dict[str, str]()
    for record in records:
        for shape, (name, count) in record.shapes.items():
            shapes[shape] += int(count)
            first.setdefault(shape.rpartition(" ")[2], name)
    summary = {
        "images": shapes.total(),
        "dropped": len(drops),
        "reasons": dict(Counter(drop.reason for drop in drops)),
        "shapes": dict(shapes),
        "sources": [source.describe() for source in sources],
        "config": to_dict(config),
    }
    with atomic_write(out_dir / "images.yaml") as stream:
        yaml.safe_dump(summary, stream, sort_keys=False)
    if len(first) > 1:
        told = ", ".join(f"{width} ({name})" for width, name in first.items())
        msg = f"{out_dir}: features of different widths: {told}; give sources of one kind"
        raise DataDirError(msg)
