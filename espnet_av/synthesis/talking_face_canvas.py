"""Drawing with sub-pixel edges on a canvas larger than the picture it becomes."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_FRACTION_BITS = 4


class Canvas:
    """A picture drawn `scale` times too large, addressed in pixels of the final picture."""

    def __init__(
        self, pixels: np.ndarray, scale: int, origin: tuple[float, float] = (0, 0)
    ) -> None:
        """Draw on `pixels` ((H, W, C) uint8, changed in place) whose corner lies at `origin`."""
        self.pixels = pixels
        self._scale = scale
        self._origin = np.array(origin, dtype=np.float64)

    def polygon(self, points: np.ndarray, colour: Sequence[float]) -> None:
        """Fill a polygon; points: (N, 2) float, x and y in final pixels."""
        cv2.fillPoly(
            self.pixels, [self._fixed(points)], _rounded(colour), cv2.LINE_AA, _FRACTION_BITS
        )

    def line(self, points: np.ndarray, colour: Sequence[float], thickness: float) -> None:
        """Draw an open line through points (N, 2) of `thickness` final pixels."""
        width = max(1, round(thickness * self._scale))
        fixed, paint = [self._fixed(points)], _rounded(colour)
        cv2.polylines(self.pixels, fixed, False, paint, width, cv2.LINE_AA, _FRACTION_BITS)

    def soft(
        self,
        points: np.ndarray,
        colour: Sequence[float],
        opacity: float,
        blur: float,
        within: np.ndarray | None = None,
    ) -> None:
        """Blend a blurred polygon over the picture.

        Args:
            points: (N, 2) float, x and y in final pixels.
            colour: RGB.
            opacity: 0 to 1.
            blur: standard deviation in final pixels.
            within: polygon (M, 2) outside of which nothing changes.
        """
        weight = cv2.GaussianBlur(self._mask(points), (0, 0), blur * self._scale) * opacity
        if within is not None:
            weight *= self._mask(within)
        weight = weight[..., None]
        paint = np.array(colour, dtype=np.float32)
        blended = self.pixels[..., :3] * (1 - weight) + paint * weight
        self.pixels[..., :3] = np.rint(blended).astype(np.uint8)

    def _mask(self, points: np.ndarray) -> np.ndarray:
        mask = np.zeros(self.pixels.shape[:2], np.uint8)
        cv2.fillPoly(mask, [self._fixed(points)], (255,), cv2.LINE_AA, _FRACTION_BITS)
        return mask.astype(np.float32) / 255

    def _fixed(self, points: np.ndarray) -> np.ndarray:
        scaled = (np.asarray(points) - self._origin) * self._scale - 0.5
        return np.rint(scaled * 2**_FRACTION_BITS).astype(np.int32)


def ellipse(
    centre: tuple[float, float], axes: tuple[float, float], first: float = 0.0, last: float = 360.0
) -> np.ndarray:
    """Points (N, 2) of an ellipse or of its arc from `first` to `last` degrees, clockwise."""
    angles = np.deg2rad(np.linspace(first, last, 49))
    return np.stack(
        [centre[0] + axes[0] * np.cos(angles), centre[1] + axes[1] * np.sin(angles)], axis=1
    )


def shade(colour: Sequence[float], factor: float) -> tuple[float, ...]:
    """Darken (`factor` < 1) or lighten (> 1) an RGB colour."""
    return tuple(min(255.0, value * factor) for value in colour[:3])


def _rounded(colour: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(value) for value in colour)
