"""Sentences of slots: a meaning is a choice for each, and every language has words and an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np


class Wording(Protocol):
    """How one language says it; slots are further attributes, tuples of words."""

    @property
    def voice(self) -> str:
        """Voice name of the speech engine."""

    @property
    def order(self) -> tuple[str, ...]:
        """Order of the slots in a sentence."""


@dataclass(frozen=True)
class Grammar:
    """All that can be said."""

    lexicons: Mapping[str, Wording]
    """Language -> its words; the entries of a slot translate those of every other language."""
    meaning: Any
    """Named tuple of the slots, with the index of a word for each."""
    spelled: str = ""
    """Slot whose words are letters, spoken by their names."""

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """Words of each slot."""
        first = next(iter(self.lexicons.values()))
        return tuple(len(getattr(first, slot)) for slot in self.meaning._fields)

    @cached_property
    def num_meanings(self) -> int:
        """How many sentences there are."""
        return int(np.prod(self.sizes))

    def meaning_of(self, index: int) -> Any:
        """The `index`-th meaning, 0 <= index < num_meanings."""
        return self.meaning(*(int(value) for value in np.unravel_index(index, self.sizes)))

    def sentence(self, meaning: Sequence[int], language: str) -> str:
        """Transcript in `language`: lower case, letters written as the letter."""
        return " ".join(word for _, word in self._slots(meaning, language))

    def spoken_markup(self, meaning: Sequence[int], language: str) -> str:
        """The same sentence as SSML; letters are marked, lest `a` be read as the article."""
        return " ".join(
            f'<say-as interpret-as="characters">{word}</say-as>' if slot == self.spelled else word
            for slot, word in self._slots(meaning, language)
        )

    def _slots(self, meaning: Sequence[int], language: str) -> list[tuple[str, str]]:
        lexicon, chosen = self.lexicons[language], self.meaning(*meaning)
        return [(slot, getattr(lexicon, slot)[getattr(chosen, slot)]) for slot in lexicon.order]
