"""The nine languages of MuAViC, and checking which of them are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError

LANGUAGES = ("en", "ar", "de", "el", "es", "fr", "it", "pt", "ru")


def check_languages(given: Sequence[str] | None, known: Iterable[str] = LANGUAGES) -> list[str]:
    """The languages asked for; None means all that are known.

    Raises:
        ConfigError: an unknown language; the nearest one is given.
    """
    known = list(known)
    for lang in given or ():
        if lang not in known:
            raise ConfigError(unknown_key_message(lang, known, "languages"))
    return list(dict.fromkeys(given or known))
