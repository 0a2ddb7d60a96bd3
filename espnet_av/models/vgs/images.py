"""Images of a batch, checked against what the model expects of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.modules.image_branch import ImageConfig


def read_images(
    batch: Mapping[str, Any], config: ImageConfig
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Features, number of parts, and boxes.

    Args:
        batch: with `image` (B, R, F), `image_lengths` (B,), for regions `boxes` (B, R, 4).
        config: what is expected.

    Returns:
        ((B, R, F), (B,) int64 on the CPU, (B, R, 4) or None).

    Raises:
        DataDirError: an utterance has no image, or not as many boxes as regions.
        ConfigError: the features are of another size.
    """
    image, lengths = batch.get("image"), batch.get("image_lengths")
    names = batch.get("utt_id")
    if image is None or lengths is None:
        msg = "the batch has no images; each utterance needs one in utt2image and image.scp"
        raise DataDirError(msg)
    lengths = lengths.cpu()
    _refuse(lengths < 1, names, "has no image; give it one in utt2image and image.scp")
    if image.size(2) != config.feature_size:
        msg = (
            f"{_name(names, 0)}: its image has features of {image.size(2)} numbers, model_conf "
            f"says image.feature_size {config.feature_size}; set it to {image.size(2)}, or dump "
            "features of the other kind"
        )
        raise ConfigError(msg)
    if config.kind != "regions":
        return image, lengths, None
    boxes, num_boxes = batch.get("boxes"), batch.get("boxes_lengths")
    if boxes is None or num_boxes is None:
        msg = (
            "the batch has no boxes; add boxes.scp to the data dir, or set image.kind patches, "
            "which knows no places"
        )
        raise DataDirError(msg)
    _refuse(
        num_boxes.cpu() != lengths,
        names,
        "has not as many boxes as regions; make boxes.scp and image.scp in one go",
    )
    return image, lengths, boxes


def _refuse(wrong: Tensor, names: Any, message: str) -> None:
    if bool(wrong.any()):
        msg = f"{_name(names, int(wrong.nonzero()[0]))} {message}"
        raise DataDirError(msg)


def _name(names: Any, row: int) -> str:
    return str(names[row]) if names else f"row {row}"
