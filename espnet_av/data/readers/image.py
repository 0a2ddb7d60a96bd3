"""Reads images: features of their regions, and where those are."""

from __future__ import annotations

from espnet_av.data.readers.array import ArrayReader


class ImageReader(ArrayReader):
    """(R, D) float32 features of regions; utterances that describe one image share it."""

    field = "image"
    table = "image.scp"
    num_axes = 2


class BoxesReader(ArrayReader):
    """(R, 4) float32, x1 y1 x2 y2 of each region in shares of the image's width and height."""

    field = "boxes"
    table = "boxes.scp"
    num_axes = 2
