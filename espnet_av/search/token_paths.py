"""Token sequences of a beam with the frame of each token."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import torch
from torch import Tensor

_FIRST_CAPACITY = 16
"""Tokens a text may have before the tables grow (they double)."""
_NONE = -1
_HASH_FACTOR = 6364136223846793005
"""Multiplier of the 64-bit rolling hash (Knuth's MMIX generator); wraps around on purpose."""


@dataclass(frozen=True)
class TokenPaths:
    """Texts with one path each; B utterances, W texts each, L the longest that there is room for.

    Tokens behind the end of a text are -1, so equal texts have equal rows.
    """

    tokens: Tensor
    """(B, W, L) int64."""
    frames: Tensor
    """(B, W, L) int64, the frame of each token."""
    log_probs: Tensor
    """(B, W, L) float, of each token at its frame."""
    length: Tensor
    """(B, W) int64."""
    identity: Tensor
    """(B, W) int64 hash of the text, by which equal ones are looked up."""
    longest: int
    """No text has more tokens; known without asking the device."""

    @classmethod
    def empty(cls, num_utts: int, device: torch.device) -> TokenPaths:
        """One text without tokens for each utterance."""
        shape = (num_utts, 1, _FIRST_CAPACITY)
        return cls(
            tokens=torch.full(shape, _NONE, device=device),
            frames=torch.zeros(shape, dtype=torch.int64, device=device),
            log_probs=torch.zeros(shape, device=device),
            length=torch.zeros(shape[:2], dtype=torch.int64, device=device),
            identity=torch.ones(shape[:2], dtype=torch.int64, device=device),
            longest=0,
        )

    def rows(self, utts: slice) -> TokenPaths:
        """Some utterances."""
        return dataclasses.replace(
            self,
            tokens=self.tokens[utts],
            frames=self.frames[utts],
            log_probs=self.log_probs[utts],
            length=self.length[utts],
            identity=self.identity[utts],
        )

    def find_grown(self, parent: Tensor, token: Tensor) -> Tensor:
        """Which texts are spelt by extensions of others; there must be room for one more token.

        Args:
            parent: (B, C) int64, the text that is extended.
            token: (B, C) int64, by what.

        Returns:
            (B, C, W) bool: whether extension c gives text w.
        """
        identity = _extend(self.identity.gather(1, parent), token)
        same = identity[:, :, None] == self.identity[:, None, :]
        # Equal hashes prove nothing: compare the texts themselves.
        grown = _gather(self.tokens, parent)
        grown.scatter_(2, self.length.gather(1, parent)[..., None], token[..., None])
        spelt = _gather(self.tokens, same.int().argmax(dim=2))
        return same & (grown == spelt).all(dim=2)[..., None]

    def select(
        self, parent: Tensor, *, grows: Tensor, token: Tensor, frame: int, log_prob: Tensor
    ) -> TokenPaths:
        """The next texts; there must be room for one more token.

        Args:
            parent: (B, W') int64, the texts to go on with.
            grows: (B, W') bool: whether it gets a token.
            token: (B, W') int64; anything where it gets none.
            frame: where the token is.
            log_prob: (B, W') float, of the token.
        """
        length, identity = self.length.gather(1, parent), self.identity.gather(1, parent)
        place = length[..., None]
        tokens, frames = _gather(self.tokens, parent), _gather(self.frames, parent)
        log_probs = _gather(self.log_probs, parent)
        tokens.scatter_(2, place, torch.where(grows, token, _NONE)[..., None])
        frames.scatter_(2, place, (frame * grows)[..., None])
        log_probs.scatter_(2, place, torch.where(grows, log_prob, 0.0)[..., None])
        return TokenPaths(
            tokens=tokens,
            frames=frames,
            log_probs=log_probs,
            length=length + grows,
            identity=torch.where(grows, _extend(identity, token), identity),
            longest=self.longest + 1,
        )

    def to_lists(self) -> list[list[tuple[list[int], list[int], list[float]]]]:
        """Tokens, frames and probabilities of every text of every utterance, on the host."""
        lengths = self.length.tolist()
        columns = (self.tokens.tolist(), self.frames.tolist(), self.log_probs.exp().tolist())
        return [
            [
                (tokens[:length], frames[:length], probabilities[:length])
                for length, tokens, frames, probabilities in zip(of_utt, *table, strict=True)
            ]
            for of_utt, *table in zip(lengths, *columns, strict=True)
        ]

    def with_room(self) -> TokenPaths:
        """The same with room for one more token."""
        capacity = self.tokens.size(2)
        if self.longest < capacity:
            return self
        longest = int(self.length.max())
        if longest < capacity:
            return dataclasses.replace(self, longest=longest)
        pad = (0, capacity)
        return dataclasses.replace(
            self,
            tokens=torch.nn.functional.pad(self.tokens, pad, value=_NONE),
            frames=torch.nn.functional.pad(self.frames, pad),
            log_probs=torch.nn.functional.pad(self.log_probs, pad),
            longest=longest,
        )


def _extend(identity: Tensor, token: Tensor) -> Tensor:
    return identity * _HASH_FACTOR + token + 1


def _gather(table: Tensor, texts: Tensor) -> Tensor:
    """(B, W, L) rows of texts (B, W')."""
    return table.gather(1, texts[..., None].expand(-1, -1, table.size(2)))
