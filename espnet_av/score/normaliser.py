"""Text normalisation before scoring."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Literal

from espnet_av.errors import ConfigError, DataDirError

PACKAGE = "whisper-normalizer"
NormaliserName = Literal["none", "basic", "english", "whisper"]
_LANG = re.compile("[a-z]{2}")


def get_normaliser(name: Literal["none", "basic", "english"]) -> Callable[[str], str]:
    """Function that rewrites a text for scoring.

    Args:
        name: `none` only collapses white space; `basic` (any language) and `english` are those
            of Whisper (Radford et al. 2022, appendix C).

    `english` joins number words that stand beside each other: 'seven zero nine' becomes '709', and
    'five five' '55', one word for the error rate where three or two were said. One wrong digit then
    makes the whole number wrong, and a text of spoken digits has fewer words to be wrong in; rates
    of digits or of letters with digits (GRID) compare only within one normaliser.

    Raises:
        ConfigError: the optional package behind `basic` and `english` is not installed.
    """
    if name == "none":
        return _collapse
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        msg = (
            f"normaliser {name}: needs the package whisper-normalizer, which is not installed; "
            "pip install whisper-normalizer, or score with normaliser: none"
        )
        raise ConfigError(msg) from error
    rewrite = BasicTextNormalizer() if name == "basic" else EnglishTextNormalizer()
    return lambda text: _collapse(rewrite(text))


def normalise_texts(
    name: NormaliserName, langs: Mapping[str, str], *tables: Mapping[str, str]
) -> list[dict[str, str]]:
    """Rewrite texts for scoring.

    `whisper` is English's normaliser for `en` and the basic one for every other language, as
    Whisper itself is scored (the XLAVS-R paper says 'Whisper text normalizer' and no more).

    Args:
        name: which rewriting.
        langs: utterance -> two letters of ISO 639-1; only read for `whisper`.
        tables: utterance -> text, each.

    Returns:
        the tables, rewritten.

    Raises:
        ConfigError: the package behind the normalisers is not installed.
        DataDirError: `whisper`, and an utterance has no language or one of another form.
    """
    if name != "whisper":
        rewrite = get_normaliser(name)
        return [{utt: rewrite(text) for utt, text in table.items()} for table in tables]
    english, basic = get_normaliser("english"), get_normaliser("basic")
    return [
        {
            utt: (english if _lang(utt, langs) == "en" else basic)(text)
            for utt, text in table.items()
        }
        for table in tables
    ]


def package_version(name: NormaliserName) -> dict[str, str]:
    """The package behind a normaliser and its version; nothing for `none`."""
    return {} if name == "none" else {PACKAGE: metadata.version(PACKAGE)}


def _lang(utt_id: str, langs: Mapping[str, str]) -> str:
    lang = langs.get(utt_id)
    if lang is not None and _LANG.fullmatch(lang):
        return lang
    found = "no language" if lang is None else f"language '{lang}'"
    msg = (
        f"utt2lang: {utt_id}: {found}; the normaliser 'whisper' chooses by language: write two "
        "letters (ISO 639-1, as in 'en') for each utterance of the test set, or set normaliser: "
        "basic"
    )
    raise DataDirError(msg)


def _collapse(text: str) -> str:
    return " ".join(text.split())
