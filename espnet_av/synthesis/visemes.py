"""Visemes: the mouth shapes that phonemes share, and which phoneme shows which shape."""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from espnet_av.errors import MediaError


class Viseme(NamedTuple):
    """Target of the mouth; every field but `dominance` runs from 0 to 1 unless stated."""

    jaw: float
    """Opening between the lips."""
    width: float
    """Spread of the corners, -1 (narrow) to 1 (wide)."""
    rounding: float
    """Protrusion of the lips."""
    teeth: float
    """How much of the teeth shows in the opening."""
    tongue: float
    """Height of the tongue tip; 1 puts it between the teeth."""
    tuck: float
    """Lower lip under the upper teeth."""
    press: float
    """Lips pressed together."""
    dominance: float
    """Weight against neighbouring visemes when they are blended."""


NUM_SHAPE_PARAMETERS = len(Viseme._fields) - 1

VISEMES = {
    "rest": Viseme(0.02, 0.0, 0.0, 0.0, 0.0, 0.0, 0.10, 0.5),
    "bilabial": Viseme(0.00, 0.0, 0.0, 0.0, 0.0, 0.0, 1.00, 6.0),
    "labiodental": Viseme(0.10, 0.1, 0.0, 0.6, 0.0, 1.0, 0.00, 4.0),
    "dental": Viseme(0.18, 0.1, 0.0, 0.5, 1.0, 0.0, 0.00, 2.0),
    "alveolar": Viseme(0.16, 0.1, 0.0, 0.5, 0.5, 0.0, 0.00, 1.0),
    "lateral": Viseme(0.26, 0.1, 0.0, 0.3, 0.8, 0.0, 0.00, 1.2),
    "sibilant": Viseme(0.08, 0.4, 0.0, 1.0, 0.0, 0.0, 0.00, 2.0),
    "postalveolar": Viseme(0.16, -0.5, 0.7, 0.9, 0.0, 0.0, 0.00, 2.5),
    "velar": Viseme(0.22, 0.0, 0.0, 0.2, 0.0, 0.0, 0.00, 0.5),
    "palatal": Viseme(0.18, 0.5, 0.0, 0.5, 0.2, 0.0, 0.00, 1.0),
    "rhotic": Viseme(0.20, -0.4, 0.5, 0.3, 0.2, 0.0, 0.00, 1.2),
    "labiovelar": Viseme(0.10, -1.0, 1.0, 0.0, 0.0, 0.0, 0.00, 3.5),
    "glottal": Viseme(0.28, 0.0, 0.0, 0.1, 0.0, 0.0, 0.00, 0.3),
    "pharyngeal": Viseme(0.45, 0.0, 0.0, 0.1, 0.0, 0.0, 0.00, 0.6),
    "close_front": Viseme(0.20, 1.0, 0.0, 0.7, 0.1, 0.0, 0.00, 1.6),
    "near_close_front": Viseme(0.28, 0.7, 0.0, 0.5, 0.1, 0.0, 0.00, 1.4),
    "close_mid_front": Viseme(0.40, 0.8, 0.0, 0.5, 0.1, 0.0, 0.00, 1.6),
    "open_mid_front": Viseme(0.55, 0.6, 0.0, 0.4, 0.1, 0.0, 0.00, 1.6),
    "near_open_front": Viseme(0.75, 0.7, 0.0, 0.4, 0.0, 0.0, 0.00, 1.7),
    "open": Viseme(1.00, 0.2, 0.0, 0.3, 0.0, 0.0, 0.00, 1.8),
    "central": Viseme(0.32, 0.0, 0.1, 0.2, 0.0, 0.0, 0.00, 0.7),
    "open_central": Viseme(0.55, 0.1, 0.0, 0.2, 0.0, 0.0, 0.00, 1.3),
    "open_mid_back": Viseme(0.70, -0.4, 0.6, 0.1, 0.0, 0.0, 0.00, 1.8),
    "close_mid_back": Viseme(0.45, -0.7, 0.9, 0.0, 0.0, 0.0, 0.00, 2.0),
    "near_close_back": Viseme(0.28, -0.5, 0.7, 0.0, 0.0, 0.0, 0.00, 1.6),
    "close_back": Viseme(0.18, -0.9, 1.0, 0.0, 0.0, 0.0, 0.00, 2.2),
    "front_rounded": Viseme(0.30, -0.6, 0.9, 0.1, 0.1, 0.0, 0.00, 2.0),
}

# Voicing, nasality and pharyngealisation do not show, so phonemes that differ only there share.
_PHONEMES = {
    "bilabial": "p b m ɸ β ʙ",
    "labiodental": "f v ɱ ʋ",
    "dental": "θ ð",
    "alveolar": "t d n ɾ r ʈ ɖ ɳ",
    "lateral": "l ɫ ɭ ʎ",
    "sibilant": "s z",
    "postalveolar": "ʃ ʒ ɕ ʑ ʂ ʐ",
    "velar": "k g ɡ ŋ x ɣ q ɢ χ ʁ ɴ",
    "palatal": "j c ɟ ɲ ʝ",
    "rhotic": "ɹ ɻ ʀ",
    "labiovelar": "w ʍ ɥ ɰ",
    "glottal": "h ɦ ʔ",
    "pharyngeal": "ħ ʕ",
    "close_front": "i",
    "near_close_front": "ɪ ɨ",
    "close_mid_front": "e",
    "open_mid_front": "ɛ",
    "near_open_front": "æ",
    "open": "a ɑ ɒ",
    "central": "ə ɘ ɚ ᵻ",
    "open_central": "ɐ ʌ ɜ ɝ",
    "open_mid_back": "ɔ",
    "close_mid_back": "o ɤ ɵ",
    "near_close_back": "ʊ",
    "close_back": "u ʉ ɯ",
    "front_rounded": "y ʏ ø œ",
}
_VISEME_OF = {base: name for name, bases in _PHONEMES.items() for base in bases.split()}
# Stress, length, aspiration, palatalisation, pharyngealisation, joining and syllable marks.
_MODIFIERS = frozenset("ˈˌːˑʰʲʷˠˤˀ˞‿͡.-'\"ʼ|_;^")


def phoneme(name: str) -> str:
    """IPA name without stress and length, vowels nasal or not: `ˈɑː` -> `ɑ`, `ˈɔ̃` -> `ɔ̃`."""
    letters = unicodedata.normalize("NFC", name)
    return "".join(letter for letter in letters if letter not in _MODIFIERS)


def base_phone(name: str) -> str:
    """IPA name without stress, length and other marks: `ˈɑː` -> `ɑ`, `tʃʲ` -> `tʃ`, `ɔ̃` -> `ɔ`."""
    return "".join(
        letter
        for letter in unicodedata.normalize("NFD", name)
        if letter not in _MODIFIERS and not unicodedata.combining(letter) and not letter.isspace()
    )


def visemes_of(phone: str) -> tuple[str, ...]:
    """Names in `VISEMES` that a phone shows one after the other.

    Args:
        phone: IPA name; a diphthong or an affricate gives one name a letter, pauses give `rest`.

    Raises:
        MediaError: a letter of the phone has no viseme.
    """
    names: list[str] = []
    for letter in base_phone(phone):
        name = _VISEME_OF.get(letter)
        if name is None:
            msg = f"phone '{phone}': no viseme for '{letter}'; add it to synthesis/visemes.py"
            raise MediaError(msg)
        if not names or names[-1] != name:
            names.append(name)
    return tuple(names) or ("rest",)
