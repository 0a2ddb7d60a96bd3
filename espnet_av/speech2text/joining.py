"""Windows that overlap, put together so that every word at their border is there once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.spacing import is_spaceless
from espnet_av.speech2text.transcript import Passage

_SAME_TIME_SEC = 0.3
"""Two windows place a word not farther apart than this."""
_WORDS_PER_SEC = 5.0
"""Fast speech: so many words may lie in an overlap when their times are not known."""
_LETTERS_PER_SEC = 12.0


def join_passages(passages: Iterable[Passage]) -> Iterator[Passage]:
    """Passages in order, of which some end after the next one begins -> adjacent ones.

    Each is given out as soon as the one behind it is known.

    What both heard is taken from either up to a word that they agree on, the one nearest to the
    middle of what they share. Of a passage that was cut so, only the best text is kept.
    """
    last: Passage | None = None
    for found in passages:
        passage = found
        if last is not None:
            if last.end > passage.start:
                last, passage = _join(last, passage)
            yield last
        last = passage
    if last is not None:
        yield last


def _join(left: Passage, right: Passage) -> tuple[Passage, Passage]:
    """Cut both at the middle of what they share, or at a word near it."""
    middle = round((left.end + right.start) / 2, 3)
    if left.texts and right.texts and left.texts[0] and right.texts[0]:
        if left.words and right.words and not _is_written_as_one(left, right):
            left, right = _join_words(left, right, middle)
        else:
            left, right = _join_texts(left, right)
    return (
        dataclasses.replace(_best_alone(left), end=middle),
        dataclasses.replace(_best_alone(right), start=middle),
    )


def _join_words(left: Passage, right: Passage, middle: float) -> tuple[Passage, Passage]:
    """By the times of the words."""
    heard, again = left.words or [], right.words or []
    pairs = [
        (i, j)
        for i, one in enumerate(heard)
        for j, other in enumerate(again)
        if one.word == other.word and abs(_centre(one) - _centre(other)) <= _SAME_TIME_SEC
    ]
    if pairs:
        # Of a word said twice, each is paired with itself.
        i, j = min(
            pairs,
            key=lambda pair: (
                abs(_centre(heard[pair[0]]) - middle)
                + 5 * abs(_centre(heard[pair[0]]) - _centre(again[pair[1]]))
            ),
        )
        return _with_words(left, heard[: i + 1]), _with_words(right, again[j + 1 :])
    kept = [word for word in heard if _centre(word) < middle]
    end = kept[-1].end if kept else right.start
    return _with_words(left, kept), _with_words(right, [w for w in again if _centre(w) > end])


def _join_texts(left: Passage, right: Passage) -> tuple[Passage, Passage]:
    """By a run of words, or letters, that the end of one has in common with the other's beginning.

    Where there is none both are kept whole: rather a word twice than one lost.
    """
    by_letter = _is_written_as_one(left, right)
    heard, again = (list(p.texts[0]) if by_letter else p.texts[0].split() for p in (left, right))
    per_sec = _LETTERS_PER_SEC if by_letter else _WORDS_PER_SEC
    reach = 1 + round(per_sec * (left.end - right.start))
    tail, head = heard[-reach:], again[:reach]
    common = _common_run(tail, head)
    if common is None:
        return left, right
    end, begin = len(heard) - len(tail) + common[0], common[1]
    glue = "" if by_letter else " "
    texts = glue.join(heard[:end]), glue.join(again[begin:])
    return (
        dataclasses.replace(left, texts=[texts[0]], words=None),
        dataclasses.replace(right, texts=[texts[1]], words=None),
    )


def _common_run(tail: Sequence[str], head: Sequence[str]) -> tuple[int, int] | None:
    """Where the best run that both have ends in each; None: there is none worth what it costs.

    It costs what lies behind it in `tail` and before it in `head`: halves of words, if it is right.
    """
    best, found = -1, None
    for i in range(len(tail)):
        for j in range(len(head)):
            size = 0
            while tail[i + size : i + size + 1] == head[j + size : j + size + 1] != []:
                size += 1
            worth = 2 * size - (len(tail) - i - size) - j
            if size and worth > best:
                best, found = worth, (i + size, j + size)
    return found


def _with_words(passage: Passage, words: list[WordTime]) -> Passage:
    return dataclasses.replace(passage, texts=[" ".join(w.word for w in words)], words=words)


def _best_alone(passage: Passage) -> Passage:
    return dataclasses.replace(passage, texts=passage.texts[:1], scores=passage.scores[:1])


def _centre(word: WordTime) -> float:
    return (word.start + word.end) / 2


def _is_written_as_one(left: Passage, right: Passage) -> bool:
    """Whether the words of a script without spaces look like one."""
    return all(map(is_spaceless, (left.texts[0][-1], right.texts[0][0])))
