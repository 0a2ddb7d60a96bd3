"""Whether the tokens of weights are those of a run: their number, and their order where known."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from espnet_av.errors import VocabularyError
from espnet_av.text_file import read_labels

TOKENS = "tokens"
"""Folder of an experiment with its tokenizer, if it was trained on text."""


@dataclass(frozen=True)
class Vocabulary:
    """Tokens on one side."""

    size: int
    tokens: tuple[str, ...] | None
    """None: only their number is known."""

    def difference(self, other: Vocabulary) -> str | None:
        """What is different here (`self`) and there (`other`), for a message; None: nothing known.

        Returns:
            For example `it has 30 tokens, 42 are wanted; token 3 is 'e' there, 'a' here`.
        """
        lists_differ = None not in (self.tokens, other.tokens) and self.tokens != other.tokens
        if self.size == other.size and not lists_differ:
            return None
        told = f"it has {other.size} tokens, {self.size} are wanted"
        if self.size == other.size:
            told = f"it has {other.size} tokens as wanted, but others"
        # Lists of different lengths differ within the shorter one too: both end with sos/eos.
        pairs = zip(self.tokens or (), other.tokens or (), strict=False)
        for index, (ours, theirs) in enumerate(pairs):
            if ours != theirs:
                return f"{told}; token {index} is '{theirs}' there, '{ours}' here"
        return told


def token_rows(names: Iterable[str], token_layers: Collection[str]) -> list[str]:
    """Those of the parameter names whose first axis are the tokens (`AVModel.token_layers`)."""
    return [name for name in names if name.rpartition(".")[0] in token_layers]


def tokens_beside(path: str | Path) -> tuple[str, ...] | None:
    """Tokens of the experiment that a file of weights is in; None if it is in none."""
    file = Path(path).parent / TOKENS / "tokens.txt"
    if not file.is_file():
        return None
    return tuple(read_labels(file, VocabularyError, "restore it from a copy of the experiment"))
