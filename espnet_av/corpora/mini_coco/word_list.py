"""Common words of a language, from lists that the package Faker ships (MIT licence)."""

from __future__ import annotations

import importlib
import importlib.metadata

from espnet_av.errors import MediaError

MIN_LETTERS = 2
"""A single letter may be read by its name."""


def words_of(name: str) -> tuple[str, ...]:
    """The words of a list, each once, sorted.

    Args:
        name: of the list, such as `en_US` (971 words of everyday English) or `fr_FR` (1,364, by
            frequency in schools); see the module of that name for its sources.

    Raises:
        MediaError: the package is not installed, or has no such list.
    """
    try:
        module = importlib.import_module(f"faker.providers.lorem.{name}")
    except ImportError as error:
        msg = f"sentences are drawn from the word list {name} of Faker: pip install faker"
        raise MediaError(msg) from error
    listed: tuple[str, ...] = tuple(module.Provider.word_list)
    plain = {word for word in listed if word.isalpha() and word.islower()}
    return tuple(sorted(word for word in plain if len(word) >= MIN_LETTERS))


def package_version() -> str:
    """Version of the package; another one may have other words."""
    try:
        return importlib.metadata.version("faker")
    except importlib.metadata.PackageNotFoundError:
        return "none"
