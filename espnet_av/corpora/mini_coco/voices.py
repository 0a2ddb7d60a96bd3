"""The voices of `mini_coco`: timbres of the speech engine, the same in every language."""

from __future__ import annotations

import numpy as np

from espnet_av.fingerprint import number_of
from espnet_av.synthesis.espeak import Voice

VOICES = (
    "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3", "f4", "f5",
    "Alicia", "Andrea", "Andy", "Annie", "Denis", "Gene", "Jacky", "Lee", "Marco", "Michael",
    "Reed", "adam", "anika", "antonio", "belinda", "benjamin", "boris", "david", "edward",
    "grandma", "grandpa", "linda", "marcelo", "max", "michel", "miguel", "pablo", "pedro", "quincy",
    "robert", "sandro", "shelby", "steph", "travis",
)  # fmt: skip
"""Those that speak; the engine has others that whisper, croak or are robots."""
_RATE, _PITCH, _RANGE = (158, 190), (40, 62), (40, 62)


def voice_of(name: str, language: str, rng: np.random.Generator) -> Voice:
    """A voice with its own pace and pitch, a little different each time.

    Args:
        name: of `VOICES`.
        language: voice name of the engine.
        rng: draws the difference.
    """
    own = np.random.default_rng(number_of(name))
    rate, pitch, pitch_range = (int(own.integers(*span)) for span in (_RATE, _PITCH, _RANGE))
    return Voice(
        language=language,
        variant=name,
        rate=rate + int(rng.integers(-12, 13)),
        pitch=pitch + int(rng.integers(-4, 5)),
        pitch_range=pitch_range,
    )
