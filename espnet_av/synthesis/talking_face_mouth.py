"""Drawing one mouth shape: lips, teeth, tongue."""

from __future__ import annotations

import numpy as np

from espnet_av.synthesis.talking_face_canvas import Canvas, shade
from espnet_av.synthesis.talking_face_head import CENTRE_X, MOUTH_Y
from espnet_av.synthesis.talking_face_look import Look

_HALF_WIDTH, _OPENING = 18.0, 17.0
_UPPER_LIP, _LOWER_LIP = 4.8, 6.4
_SMILE = 1.8
"""How much lower than the corners the middle of a shut mouth lies, in pixels."""
_U = np.linspace(-1, 1, 33)
_DOME = 1 - _U**2
_BOW = _DOME**0.8 * (1 - 0.25 * np.exp(-((_U / 0.15) ** 2)))
_TEETH, _GUMS, _TONGUE = (238, 232, 222), (62, 20, 24), (186, 84, 84)


def draw_mouth(canvas: Canvas, look: Look, shape: np.ndarray) -> None:
    """Draw a mouth on a skin-coloured canvas.

    Args:
        canvas: addressed in the pixels of the whole head.
        look: of the speaker.
        shape: (7,) float, the fields of `Viseme` but dominance.
    """
    jaw, width, rounding, teeth, tongue, tuck, press = (float(value) for value in shape)
    x = CENTRE_X + _HALF_WIDTH * look.mouth_width * (1 + 0.18 * width - 0.30 * rounding) * _U
    opening = _OPENING * jaw * (1 - press)
    inner = _DOME ** (0.85 - 0.35 * rounding)
    full = 1 + 0.25 * rounding
    seam = MOUTH_Y + _SMILE * (_DOME - 0.5)
    upper_in = seam - 0.22 * opening * inner
    lower_in = seam + (0.78 * opening * (1 - tuck) - 1.5 * tuck) * inner
    lower_in = np.maximum(lower_in, upper_in)
    upper_out = upper_in - _UPPER_LIP * look.lip_thickness * full * (1 - 0.65 * press) * _BOW
    thickness = _LOWER_LIP * look.lip_thickness * full * (1 - 0.6 * press) * (1 - 0.3 * tuck)
    lower_out = lower_in + thickness * _DOME**0.7
    _draw_inside(canvas, x, upper_in, lower_in, (teeth, tongue))
    canvas.polygon(_band(x, lower_out + 1.2, lower_out + 3.4 * _DOME), shade(look.skin, 0.84))
    canvas.polygon(_band(x, upper_out, upper_in), shade(look.lips, 0.90))
    canvas.polygon(_band(x, lower_in, lower_out), shade(look.lips, 1.04))
    middle = slice(9, 24)
    shine = lower_in + 0.35 * (lower_out - lower_in)
    canvas.polygon(
        _band(x[middle], shine[middle], shine[middle] + 0.22 * thickness * _DOME[middle]),
        shade(look.lips, 1.22),
    )
    if tuck > 0.05:
        edge = upper_in + 3.2 * tuck * _DOME**0.5
        middle = slice(4, 29)
        canvas.polygon(_band(x[middle], upper_in[middle], edge[middle]), _TEETH)
    canvas.line(np.stack([x, upper_in], axis=1), shade(look.lips, 0.45), 0.8)


def _draw_inside(
    canvas: Canvas, x: np.ndarray, upper: np.ndarray, lower: np.ndarray, shown: tuple[float, float]
) -> None:
    """Gums, teeth and tongue between the inner edges of the lips; shown: (teeth, tongue)."""
    teeth, tongue = shown
    canvas.polygon(_band(x, upper, lower), _GUMS)
    gap = lower - upper
    middle = slice(3, 30)
    tip = lower - np.minimum(gap, (0.25 + 0.5 * min(tongue, 0.8)) * gap)
    canvas.polygon(_band(x[6:27], tip[6:27], lower[6:27]), _TONGUE)
    upper_teeth = upper + np.minimum(gap, (1.0 + 4.5 * teeth) * _DOME**0.5)
    canvas.polygon(_band(x[middle], upper[middle], upper_teeth[middle]), _TEETH)
    if teeth > 0.5:
        lower_teeth = lower - np.minimum(gap, 5.0 * (teeth - 0.5) * _DOME**0.5)
        canvas.polygon(_band(x[middle], lower_teeth[middle], lower[middle]), shade(_TEETH, 0.94))
    if tongue > 0.8:
        between = slice(9, 24)
        top = upper + (1 - 5 * (tongue - 0.8) * 0.8) * gap
        canvas.polygon(_band(x[between], top[between], lower[between]), _TONGUE)


def _band(x: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Polygon (2N, 2) between two curves over the same x."""
    there, back = np.stack([x, top], axis=1), np.stack([x, bottom], axis=1)[::-1]
    return np.concatenate([there, back])
