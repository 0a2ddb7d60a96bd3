"""Which scripts have spaces between words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_WITHOUT = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")


def is_spaceless(letter: str) -> bool:
    """Whether a letter is of a script without spaces between words."""
    return unicodedata.name(letter, "").startswith(_WITHOUT)


def one_text(texts: Iterable[str]) -> str:
    """One text of several in order, with a space between two where their script has spaces."""
    found = ""
    for text in filter(None, texts):
        is_close = not found or (is_spaceless(found[-1]) and is_spaceless(text[0]))
        found += text if is_close else f" {text}"
    return found.strip()
