"""Everything of a talking face that does not move with speech: head, hair, eyes, shoulders."""

from __future__ import annotations

import cv2
import numpy as np

from espnet_av.synthesis.talking_face_canvas import Canvas, ellipse, shade
from espnet_av.synthesis.talking_face_look import Look

Pair = tuple[float, float]

SIZE = 224
"""Width and height of the picture, in pixels."""
SCALE = 3
"""How many times larger the parts are drawn than shown."""
CENTRE_X = 112.0
EYE_Y, NOSE_Y, MOUTH_Y, CHIN_Y = 96.0, 131.0, 150.0, 183.0
EYE_DISTANCE = 46.0
"""With the mouth 54 below the eyes: proportions of the mean face that mouth crops are cut by."""
_CHEEK_Y, _CROWN_Y = 104.0, 42.0
_HALF_WIDTH = 50.0


def draw_background(look: Look) -> np.ndarray:
    """Wall and shoulders, (SIZE, SIZE, 3) uint8 RGB."""
    top, bottom = (np.array(colour, dtype=np.float32) for colour in look.background)
    ramp = np.linspace(0, 1, SIZE * SCALE, dtype=np.float32)[:, None, None]
    wall = np.broadcast_to(top + (bottom - top) * ramp, (SIZE * SCALE, SIZE * SCALE, 3))
    canvas = Canvas(np.rint(wall).astype(np.uint8), SCALE)
    canvas.soft(ellipse((60, 40), (70, 60)), (255, 255, 255), 0.35, 30)
    if look.hair_style == "long":
        canvas.polygon(ellipse((CENTRE_X, 150), (62, 62)), shade(look.hair, 0.85))
    # Half of a symmetric outline: shoulder, slope, foot of the neck.
    shoulder = [(112, 224), (110, 213), (98, 205), (70, 199), (46, 192), (30, 186), (22, 178)]
    canvas.polygon(_mirrored(shoulder), look.shirt)
    neck = _mirrored([(24, 150), (25, 184), (34, 194), (20, 207), (0, 212)])
    canvas.polygon(neck, shade(look.skin, 0.86))
    canvas.soft(ellipse((CENTRE_X, 178), (38, 15)), shade(look.skin, 0.5), 0.8, 5, within=neck)
    canvas.line(neck[2:8], shade(look.shirt, 0.72), 2.5)
    return _shrink(canvas.pixels)


def draw_head(look: Look, eyelids: float) -> np.ndarray:
    """Head without a mouth, large: (SIZE * SCALE, SIZE * SCALE, 4) uint8, premultiplied RGBA.

    Args:
        look: of the speaker.
        eyelids: 0 open to 1 shut.
    """
    canvas = Canvas(np.zeros((SIZE * SCALE, SIZE * SCALE, 4), np.uint8), SCALE)
    _draw_hair_behind(canvas, look)
    for side in () if look.hair_style in ("long", "fringe") else (-1, 1):
        ear = ellipse((CENTRE_X + side * _HALF_WIDTH * look.face_width, 108), (7, 13))
        canvas.polygon(ear, (*shade(look.skin, 0.86), 255))
    outline = face_outline(look)
    canvas.polygon(outline, (*look.skin, 255))
    _shade_face(canvas, look)
    _draw_hair_front(canvas, look)
    _draw_nose(canvas, look)
    for side in (-1, 1):
        _draw_eye(canvas, look, side, eyelids)
    if look.glasses:
        _draw_glasses(canvas)
    # Soft highlights spread beyond the hair; premultiplied colours cannot exceed their alpha.
    canvas.pixels[..., :3] = np.minimum(canvas.pixels[..., :3], canvas.pixels[..., 3:])
    return canvas.pixels


def face_outline(look: Look) -> np.ndarray:
    """Points (N, 2) of the face from ear over chin to ear and over the forehead."""
    angles = np.deg2rad(np.linspace(0, 360, 97))
    sine, cosine = np.sin(angles), np.cos(angles)
    below = np.maximum(sine, 0)
    x = _HALF_WIDTH * look.face_width * cosine * (1 - 0.75 * look.chin_taper * below**3)
    # Flatter sides than an ellipse.
    x = np.sign(x) * np.abs(x) ** 0.94 * _HALF_WIDTH**0.06
    height = np.where(sine > 0, CHIN_Y - _CHEEK_Y, (_CHEEK_Y - _CROWN_Y) * look.face_height)
    return np.stack([CENTRE_X + x, _CHEEK_Y + height * sine], axis=1)


def _mirrored(half: list[tuple[int, int]]) -> np.ndarray:
    """Symmetric polygon from its right half, x counted from the middle."""
    right = np.array(half, dtype=np.float64)
    left = right[::-1] * np.array([-1.0, 1.0])
    return np.concatenate([right, left]) + np.array([CENTRE_X, 0.0])


def _shrink(pixels: np.ndarray) -> np.ndarray:
    return cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)


def _draw_hair_behind(canvas: Canvas, look: Look) -> None:
    colour = (*shade(look.hair, 0.9), 255)
    if look.hair_style == "long":
        canvas.polygon(ellipse((CENTRE_X, 108), (64 * look.face_width, 78)), colour)
    elif look.hair_style == "curly":
        for angle in np.deg2rad(np.linspace(150, 390, 17)):
            centre = (CENTRE_X + 50 * np.cos(angle), 86 + 50 * np.sin(angle))
            canvas.polygon(ellipse(centre, (15, 15)), colour)
    elif look.hair_style == "bun":
        canvas.polygon(ellipse((CENTRE_X, 28), (20, 17)), colour)
        canvas.polygon(ellipse((CENTRE_X, 92), (56 * look.face_width, 60)), colour)
    elif look.hair_style == "fringe":
        canvas.polygon(ellipse((CENTRE_X, 100), (61 * look.face_width, 70)), colour)
    elif look.hair_style == "short":
        canvas.polygon(ellipse((CENTRE_X, 90), (55 * look.face_width, 60)), colour)


def _draw_hair_front(canvas: Canvas, look: Look) -> None:
    if look.hair_style == "bald":
        canvas.soft(ellipse((96, 56), (16, 8)), (255, 255, 255), 0.35, 5)
        return
    colour = (*look.hair, 255)
    hairline = {"fringe": 80.0, "long": 66.0, "bun": 62.0, "curly": 66.0, "short": 64.0}
    low = hairline[look.hair_style]
    half = (_HALF_WIDTH + 3) * look.face_width
    over = ellipse((CENTRE_X, 88), (half, 88 - _CROWN_Y + 7), 180, 360)
    parting = 12.0 if look.hair_style in ("short", "long") else 0.0
    x = np.linspace(half, -half, 49)
    bow = np.abs((x - parting) / (half - np.sign(parting - x) * -parting))
    under = low + 0.8 * (100 - low) * bow ** (7 if look.hair_style == "fringe" else 4)
    under = np.stack([CENTRE_X + x, under], axis=1)
    canvas.polygon(np.concatenate([over, under]), colour)
    canvas.soft(ellipse((92, 56), (22, 6)), shade(look.hair, 1.7), 0.45, 5)


def _shade_face(canvas: Canvas, look: Look) -> None:
    outline = face_outline(look)

    def soften(
        centre: tuple[float, float],
        axes: tuple[float, float],
        tone: float,
        paint: tuple[float, float],
    ) -> None:
        opacity, blur = paint
        canvas.soft(ellipse(centre, axes), shade(look.skin, tone), opacity, blur, outline)

    for side in (-1, 1):
        soften((CENTRE_X + side * 56 * look.face_width, 128), (14, 62), 0.62, (0.6, 8))
        soften((CENTRE_X + side * 23, 118), (12, 6), 1.16, (0.4, 4))
        soften((CENTRE_X + side * EYE_DISTANCE / 2, EYE_Y - 2), (16, 10), 0.68, (0.45, 4))
        cheek = ellipse((CENTRE_X + side * 27, 124), (13, 9))
        canvas.soft(cheek, (228, 110, 96), 0.2, 6, outline)
    soften((CENTRE_X, 70), (30, 12), 1.16, (0.4, 8))
    soften((CENTRE_X, 176), (13, 5), 1.16, (0.3, 4))
    if look.stubble:
        jaw = ellipse((CENTRE_X, 146), (46 * look.face_width, 42), 0, 180)
        beard = np.concatenate([jaw, [(80, 140), (144, 140)]])
        canvas.soft(beard, shade(look.hair, 0.8), look.stubble, 6, outline)


def _draw_nose(canvas: Canvas, look: Look) -> None:
    dark = shade(look.skin, 0.60)
    bridge = np.array([(108, 92), (116, 92), (117, 124), (107, 124)])
    canvas.soft(bridge, shade(look.skin, 1.18), 0.5, 2.5)
    side = np.array([(117, 98), (120, 98), (124, 128), (118, 130)])
    canvas.soft(side, dark, 0.45, 2.5)
    canvas.soft(ellipse((CENTRE_X, NOSE_Y + 4), (10, 3)), dark, 0.65, 1.8)
    for offset in (-5.5, 5.5):
        canvas.soft(ellipse((CENTRE_X + offset, NOSE_Y + 2.5), (2.6, 1.6)), (40, 20, 18), 0.8, 0.8)
    canvas.soft(ellipse((CENTRE_X - 1, NOSE_Y - 3), (4.5, 4)), shade(look.skin, 1.2), 0.6, 2)


def _draw_eye(canvas: Canvas, look: Look, side: int, eyelids: float) -> None:
    centre_x = CENTRE_X + side * EYE_DISTANCE / 2
    u = np.linspace(-1, 1, 25)
    arch = (1 - u**2) ** 0.75
    x = centre_x + 10.5 * u
    upper = np.stack([x, EYE_Y - (5.4 - 8.6 * eyelids) * arch], axis=1)
    lower = np.stack([x, EYE_Y + 3.8 * arch], axis=1)
    if eyelids < 1:
        canvas.polygon(np.concatenate([upper, lower[::-1]]), (244, 240, 236, 255))
        top, bottom = float(upper[:, 1].min()), float(lower[:, 1].max())
        for radius, colour in ((4.9, look.iris), (2.3, (14, 12, 12))):
            disc = ellipse((centre_x, EYE_Y - 0.6), (radius, radius))
            disc[:, 1] = np.clip(disc[:, 1], top + 0.4, bottom - 0.2)
            canvas.polygon(disc, (*colour, 255))
        if eyelids < 0.4:
            canvas.polygon(ellipse((centre_x - 1.6, EYE_Y - 2.4), (1.2, 1.2)), (255,) * 4)
    canvas.line(upper, (*shade(look.hair, 0.45), 255), 1.7)
    canvas.line(lower, (*shade(look.skin, 0.66), 255), 0.8)
    arc = -2.6 * (1 - (u - 0.35 * side) ** 2)
    brow = np.stack([centre_x + 13 * u, EYE_Y - 12.5 + arc], axis=1)
    canvas.line(brow, (*shade(look.hair, 0.8), 255), 3.0 * look.brow_thickness)


def _draw_glasses(canvas: Canvas) -> None:
    frame = (44, 38, 40, 255)
    for side in (-1, 1):
        canvas.line(ellipse((CENTRE_X + side * 23.5, EYE_Y + 1), (16, 13)), frame, 1.4)
        temple = np.array([(CENTRE_X + side * 39, EYE_Y - 2), (CENTRE_X + side * 50, EYE_Y - 1)])
        canvas.line(temple, frame, 1.4)
    canvas.line(ellipse((CENTRE_X, EYE_Y - 1), (8, 4), 180, 360), frame, 1.4)
