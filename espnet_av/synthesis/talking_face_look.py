"""Looks of the speakers that `talking_face` draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Look:
    """What tells one speaker from another; lengths are factors of the average, colours RGB."""

    skin: Colour
    hair: Colour
    lips: Colour
    iris: Colour
    shirt: Colour
    background: tuple[Colour, Colour]
    """Colours at the top and at the bottom of the picture."""
    hair_style: Literal["short", "long", "curly", "bald", "bun", "fringe"]
    face_width: float = 1.0
    face_height: float = 1.0
    chin_taper: float = 0.3
    """How much narrower the jaw is than the cheekbones."""
    mouth_width: float = 1.0
    lip_thickness: float = 1.0
    brow_thickness: float = 1.0
    stubble: float = 0.0
    """Opacity of a shadow of a beard."""
    glasses: bool = False


LOOKS = (
    Look(
        skin=(233, 190, 160), hair=(74, 48, 32), lips=(190, 92, 88), iris=(70, 100, 130),
        shirt=(52, 84, 126), background=((198, 214, 222), (150, 172, 186)), hair_style="short",
        chin_taper=0.24, brow_thickness=1.2,
    ),
    Look(
        skin=(120, 78, 54), hair=(26, 20, 18), lips=(128, 62, 58), iris=(48, 30, 22),
        shirt=(196, 150, 62), background=((222, 206, 180), (186, 164, 132)), hair_style="curly",
        face_width=0.96, chin_taper=0.34, lip_thickness=1.25, mouth_width=1.05,
    ),
    Look(
        skin=(240, 205, 180), hair=(196, 148, 84), lips=(204, 96, 102), iris=(64, 120, 110),
        shirt=(136, 66, 92), background=((212, 220, 204), (164, 182, 160)), hair_style="long",
        face_width=0.93, chin_taper=0.36, brow_thickness=0.8, lip_thickness=1.1,
    ),
    Look(
        skin=(198, 150, 112), hair=(34, 28, 28), lips=(160, 82, 74), iris=(56, 38, 28),
        shirt=(70, 112, 88), background=((206, 200, 214), (158, 150, 172)), hair_style="short",
        face_width=1.04, chin_taper=0.20, stubble=0.22, brow_thickness=1.35, mouth_width=1.06,
    ),
    Look(
        skin=(226, 178, 140), hair=(40, 26, 22), lips=(186, 76, 84), iris=(60, 40, 30),
        shirt=(210, 208, 200), background=((176, 202, 206), (128, 158, 166)), hair_style="fringe",
        face_height=0.97, chin_taper=0.30, lip_thickness=1.05, brow_thickness=0.9,
    ),
    Look(
        skin=(164, 112, 80), hair=(58, 42, 38), lips=(142, 70, 66), iris=(44, 30, 24),
        shirt=(92, 64, 120), background=((224, 214, 200), (190, 172, 152)), hair_style="bun",
        face_width=0.95, chin_taper=0.32, lip_thickness=1.2, brow_thickness=0.9, glasses=True,
    ),
    Look(
        skin=(236, 198, 174), hair=(168, 164, 160), lips=(180, 100, 96), iris=(86, 116, 140),
        shirt=(64, 70, 82), background=((190, 204, 190), (148, 164, 150)), hair_style="bald",
        face_height=1.03, chin_taper=0.22, lip_thickness=0.9, stubble=0.10, mouth_width=1.04,
    ),
    Look(
        skin=(212, 162, 126), hair=(112, 46, 28), lips=(182, 82, 82), iris=(78, 104, 74),
        shirt=(168, 84, 58), background=((204, 206, 222), (156, 160, 184)), hair_style="long",
        face_height=1.02, chin_taper=0.34, brow_thickness=1.0, lip_thickness=1.15,
    ),
)  # fmt: skip
"""Eight speakers."""
