"""Words of a text in any script, without its punctuation."""

from __future__ import annotations

import unicodedata
from functools import cache

_WITHOUT_SPACES = (
    *("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "BOPOMOFO"),
    *("THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"),
)
"""Scripts, by the names of their characters."""
_JOINER = "\u200d"


def words_of(text: str) -> list[str]:
    """Lower-case words; those of scripts written without spaces are their characters.

    Where a text is ASCII they are rouge_score's, whose tokeniser takes every other letter for a
    space. Marks, as the vowels of Hindi and Tamil, belong to the letter before them.
    """
    words: list[str] = []
    goes_on = in_word = False
    for sign in unicodedata.normalize("NFC", text).lower():
        kind = _kind(sign)
        if (kind == "letter" and goes_on) or (kind == "mark" and in_word):
            words[-1] += sign
        elif kind in ("letter", "word"):
            words.append(sign)
        goes_on = kind == "letter" or (kind == "mark" and goes_on)
        in_word = kind in ("letter", "word") or (kind == "mark" and in_word)
    return words


@cache
def _kind(sign: str) -> str:
    """`letter`, `mark` of one, `word` of its own, or `other`."""
    if sign == _JOINER or unicodedata.category(sign).startswith("M"):
        return "mark"
    if not sign.isalnum():
        return "other"
    return "word" if unicodedata.name(sign, "").startswith(_WITHOUT_SPACES) else "letter"
