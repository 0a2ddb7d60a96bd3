"""The token sequences that spell words of a list, as tables that a search looks up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError


class Lexicon:
    """A trie over words: state 0 is before the first word, any other a beginning of a word.

    After a whole word the next one may begin, so the tables describe texts of any number of words.
    Tokenizers mark the first token of a word, by which the tables know a new word from a longer
    one. A word has one spelling, the tokenizer's own.

    Args:
        spellings: tokens of each word.
        vocab_size: V.

    Raises:
        ConfigError: there is no word, a word has no token, or its first token is not the mark of a
            beginning, because another word has it inside.
    """

    allowed: Tensor
    """(N, V) bool: whether token v may follow in state n."""
    following: Tensor
    """(N, V) int64: the state then; 0 where it may not."""
    complete: Tensor
    """(N,) bool: whether the text may end in state n."""

    def __init__(self, spellings: Iterable[Sequence[int]], vocab_size: int) -> None:
        children, ends = _trie(spellings)
        firsts = set(children[0])
        if inside := firsts & {token for tokens in children[1:] for token in tokens}:
            msg = f"lexicon: tokens {sorted(inside)} both begin words and stand inside them"
            raise ConfigError(msg)
        self.following = torch.zeros((len(children), vocab_size), dtype=torch.int64)
        for state, tokens in enumerate(children):
            reachable = {**tokens, **children[0]} if state in ends else tokens
            for token, then in reachable.items():
                self.following[state, token] = then
        # No token leads back to state 0.
        self.allowed = self.following > 0
        self.complete = torch.zeros(len(children), dtype=torch.bool)
        self.complete[[0, *ends]] = True

    @classmethod
    def of_training_words(cls, tokenizer: Tokenizer) -> Lexicon:
        """The words of the training text.

        Raises:
            ConfigError: the token folder does not list them, a token is unknown, or texts begin
                with a language tag.
        """
        if tokenizer.words is None:
            msg = (
                "lexicon: words needs words.txt beside tokens.txt, and there is none; run the "
                "tokens stage (8) again and train, or set lexicon: none"
            )
            raise ConfigError(msg)
        if tokenizer.lang_tags:
            msg = "lexicon: words knows no language tags; train without them or set lexicon: none"
            raise ConfigError(msg)
        spellings = [tokenizer.encode(word) for word in tokenizer.words]
        for word, spelling in zip(tokenizer.words, spellings, strict=True):
            if tokenizer.unk_id in spelling:
                msg = f"lexicon: '{word}' of words.txt has a character that tokens.txt lacks"
                raise ConfigError(msg)
        return cls(spellings, tokenizer.vocab_size)

    def to(self, device: torch.device) -> Lexicon:
        """Move the tables, in place."""
        self.allowed = self.allowed.to(device)
        self.following = self.following.to(device)
        self.complete = self.complete.to(device)
        return self


def _trie(spellings: Iterable[Sequence[int]]) -> tuple[list[dict[int, int]], list[int]]:
    """Token -> state of every state, and the states at which a word is whole."""
    children: list[dict[int, int]] = [{}]
    ends: dict[int, None] = {}
    for spelling in spellings:
        state = 0
        for token in spelling:
            if token not in children[state]:
                children[state][token] = len(children)
                children.append({})
            state = children[state][token]
        if state == 0:
            msg = "lexicon: a word has no token; words.txt has an empty line"
            raise ConfigError(msg)
        ends[state] = None
    if not ends:
        msg = "lexicon: the training text has no word; set lexicon: none"
        raise ConfigError(msg)
    return children, list(ends)
