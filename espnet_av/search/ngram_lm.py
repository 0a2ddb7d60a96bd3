"""A back-off n-gram as tables: next-token scores of many histories at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from espnet_av.data.tokenizer import BLANK, SOS_EOS, UNKNOWN
from espnet_av.errors import ConfigError
from espnet_av.search.arpa import START, Grams, read_arpa, vocabulary

_ROOT = 0
_TABLES = (
    "_unigram", "_suffix", "_backoff", "_first", "_count", "_token", "_log_prob", "_keys", "_next",
)  # fmt: skip


class NGramLM:
    """Scores tokens of texts, each given by a state: the end of the text that the n-grams know.

    A state is an n-gram that others begin with or that has a back-off weight; its suffix is the
    longest other state that it ends with, down to the empty one. The next state of `h w` depends
    on no more of `h` than that, because every beginning of an n-gram is in the file.

    Shapes: N texts, V tokens, S states, A n-grams of two or more tokens.
    """

    start: int
    """State of a text without tokens."""

    def __init__(self, grams: Grams, tokens: Sequence[str], where: str = "n-grams") -> None:
        """Make the tables.

        Args:
            grams: see `arpa`.
            tokens: of the model; those that no n-gram knows are as likely as the unknown one.
            where: the source of the n-grams, for messages.

        Raises:
            ConfigError: a token has no probability.
        """
        self._order, self._vocab_size = len(grams), len(tokens)
        contexts = {gram[:-1] for table in grams[1:] for gram in table}
        contexts |= {gram for table in grams for gram in table if table[gram].backoff != 0.0}
        states = sorted(contexts | {()}, key=lambda gram: (len(gram), gram))
        ids = {gram: index for index, gram in enumerate(states)}
        self.start = ids.get((vocabulary(tokens)[START],), _ROOT)
        self._unigram = _unigrams(grams, tokens, where)
        suffixes = [_suffix(gram, ids) for gram in states]
        self._suffix = torch.tensor(suffixes)
        backoffs = [0.0]
        for state, gram in enumerate(states[1:], 1):
            backoffs.append(grams[len(gram) - 1][gram].backoff + backoffs[suffixes[state]])
        self._backoff = torch.tensor(backoffs)
        self._set_arcs(grams, ids)
        moves = sorted(
            (ids[gram[:-1]] * self._vocab_size + gram[-1], state)
            for gram, state in ids.items()
            if gram and gram[-1] < self._vocab_size
        )
        self._keys = torch.tensor([key for key, _ in moves], dtype=torch.int64)
        self._next = torch.tensor([state for _, state in moves], dtype=torch.int64)

    @classmethod
    def read(cls, path: str | Path, tokens: Sequence[str]) -> NGramLM:
        """The n-grams of an ARPA file over the tokens of a model.

        Raises:
            ConfigError: see `read_arpa`; or a token has no probability.
        """
        return cls(read_arpa(path, vocabulary(tokens)), tokens, str(path))

    def to(self, device: torch.device) -> NGramLM:
        """Move the tables, in place."""
        for name in _TABLES:
            setattr(self, name, getattr(self, name).to(device))
        return self

    def score(self, states: Tensor) -> Tensor:
        """Log-probabilities of the next token.

        Args:
            states: (N,) int64.

        Returns:
            (N, V) float; -inf for what no text has (blank, start and end mark).
        """
        total = self._backoff[states]
        scores = self._unigram + total[:, None]
        chain = [states]
        for _ in range(self._order - 2):
            chain.append(self._suffix[chain[-1]])
        # Shorter contexts first: longer ones know better.
        for contexts in reversed(chain):
            counts = self._count[contexts]
            rows = torch.arange(len(states), device=states.device).repeat_interleave(counts)
            before = (counts.cumsum(0) - counts)[rows]
            arcs = self._first[contexts[rows]] + torch.arange(len(rows), device=rows.device)
            arcs -= before
            weight = (total - self._backoff[contexts])[rows]
            scores[rows, self._token[arcs]] = self._log_prob[arcs] + weight
        return scores

    def advance(self, states: Tensor, tokens: Tensor) -> Tensor:
        """States (N,) after one more token (N,) each."""
        following = torch.full_like(states, _ROOT)
        if self._keys.numel() == 0:
            return following
        pending = torch.ones_like(states, dtype=torch.bool)
        for _ in range(self._order):
            keys = states * self._vocab_size + tokens
            places = torch.searchsorted(self._keys, keys).clamp(max=len(self._keys) - 1)
            found = pending & (self._keys[places] == keys)
            following = torch.where(found, self._next[places], following)
            pending = pending & ~found
            states = self._suffix[states]
        return following

    def _set_arcs(self, grams: Grams, ids: dict[tuple[int, ...], int]) -> None:
        """Tables of the n-grams of two or more tokens, by their context."""
        arcs = sorted(
            (ids[gram[:-1]], gram[-1], entry.log_prob)
            for table in grams[1:]
            for gram, entry in table.items()
            if gram[-1] < self._vocab_size
        )
        contexts = torch.tensor([arc[0] for arc in arcs], dtype=torch.int64)
        self._token = torch.tensor([arc[1] for arc in arcs], dtype=torch.int64)
        self._log_prob = torch.tensor([arc[2] for arc in arcs])
        self._count = torch.bincount(contexts, minlength=len(ids))
        self._first = self._count.cumsum(0) - self._count


def _suffix(gram: tuple[int, ...], ids: dict[tuple[int, ...], int]) -> int:
    """The longest other state that a state ends with."""
    for cut in range(1, len(gram)):
        if gram[cut:] in ids:
            return ids[gram[cut:]]
    return _ROOT


def _unigrams(grams: Grams, tokens: Sequence[str], where: str) -> Tensor:
    """(V,) log-probabilities of tokens without a history."""
    unknown = vocabulary(tokens).get(UNKNOWN)
    rest = grams[0].get((unknown,)) if unknown is not None else None
    values, missing = [], []
    for index, token in enumerate(tokens):
        entry = grams[0].get((index,), rest)
        if token in (BLANK, SOS_EOS):
            values.append(-torch.inf)
        elif entry is None:
            missing.append(token)
        else:
            values.append(entry.log_prob)
    if missing:
        msg = (
            f"{where}: no probability for {len(missing)} tokens of the model, as "
            f"'{missing[0]}', and none for {UNKNOWN}; add them, or make it with 'espnet-av ngram'"
        )
        raise ConfigError(msg)
    return torch.tensor(values)
