"""Back-off n-grams of tokens in the ARPA format: strict reading, and writing."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from espnet_av.atomic import atomic_write
from espnet_av.data.tokenizer import BLANK, SOS_EOS
from espnet_av.errors import ConfigError
from espnet_av.text_file import read_text

START, END = "<s>", "</s>"
NEVER = -99.0
"""Log10 of a probability of zero, as the format has it."""
_COUNT = re.compile(r"ngram (\d+)=(\d+)")
_SECTION = re.compile(r"\\(\d+)-grams:")
_FIELDS = re.compile(r"[ \t]+")
_ROUNDING = 1e-6


class Entry(NamedTuple):
    """What a line says, in natural logarithms."""

    log_prob: float
    backoff: float


Grams = list[dict[tuple[int, ...], Entry]]
"""The n-grams of each order from 1, by token ids."""


def vocabulary(tokens: Sequence[str]) -> dict[str, int]:
    """Ids of everything an n-gram may hold.

    Args:
        tokens: of the model, whose blank and sentence mark no text has.

    Returns:
        the tokens with their ids V, then start and end of a text with V and V + 1.
    """
    ids = {token: index for index, token in enumerate(tokens) if token not in (BLANK, SOS_EOS)}
    return {**ids, START: len(tokens), END: len(tokens) + 1}


def read_arpa(path: str | Path, ids: Mapping[str, int]) -> Grams:
    """Read a file.

    Args:
        path: the file; fields are separated by spaces or tabs.
        ids: see `vocabulary`.

    Raises:
        ConfigError: no such file, or a line breaks the format: a missing or wrong section, another
            number of n-grams than announced, a word that is no token of the model, an n-gram that
            stands there twice or without its beginning, or a value that is no log-probability.
    """
    path = Path(path)
    cure = "make it with 'espnet-av ngram', or check lm_file; it must not be compressed"
    # A token may be a character that Unicode takes for a line end.
    lines = read_text(path, ConfigError, cure).split("\n")
    return _Reader(path, lines, ids).read()


def write_arpa(path: str | Path, grams: Grams, ids: Mapping[str, int]) -> None:
    """Write n-grams, which `read_arpa` reads back with the same ids."""
    words = {index: word for word, index in ids.items()}
    with atomic_write(Path(path)) as stream:
        stream.write("\\data\\\n")
        stream.writelines(f"ngram {n}={len(table)}\n" for n, table in enumerate(grams, 1))
        for order, table in enumerate(grams, 1):
            stream.write(f"\n\\{order}-grams:\n")
            for gram, entry in table.items():
                text = " ".join(words[index] for index in gram)
                line = f"{max(entry.log_prob / math.log(10), NEVER):.7f}\t{text}"
                if order < len(grams):
                    line += f"\t{entry.backoff / math.log(10):.7f}"
                stream.write(line + "\n")
        stream.write("\n\\end\\\n")


class _Reader:
    """Goes through the lines of a file once."""

    def __init__(self, path: Path, lines: list[str], ids: Mapping[str, int]) -> None:
        self._path, self._lines, self._ids = path, lines, ids
        self._number = 0

    def read(self) -> Grams:
        while self._next() != "\\data\\":
            pass
        counts = self._read_counts()
        grams: Grams = []
        for order, count in enumerate(counts, 1):
            grams.append(self._read_section(order, count, grams, is_last=order == len(counts)))
        if self._next_text() != "\\end\\":
            self._fail("expected \\end\\; the file is longer than its first lines say")
        return grams

    def _read_counts(self) -> list[int]:
        counts: list[int] = []
        while match := _COUNT.fullmatch(line := self._next_text()):
            if int(match[1]) != len(counts) + 1:
                self._fail(f"expected 'ngram {len(counts) + 1}=<count>'")
            counts.append(int(match[2]))
        if not counts or not line.startswith("\\"):
            self._fail(f"'{line}' is not of the form 'ngram <order>=<count>'")
        self._number -= 1
        return counts

    def _read_section(
        self, order: int, count: int, lower: Grams, *, is_last: bool
    ) -> dict[tuple[int, ...], Entry]:
        match = _SECTION.fullmatch(self._next_text())
        if match is None or int(match[1]) != order:
            self._fail(f"expected \\{order}-grams:; the section before it is too long")
        table: dict[tuple[int, ...], Entry] = {}
        for _ in range(count):
            line = self._next()
            if not line or line.startswith("\\"):
                msg = f"{len(table)} of the {count} {order}-grams are there; the file is cut off"
                self._fail(msg)
            gram, entry = self._parse(line, order, is_last=is_last)
            if gram in table:
                self._fail("this n-gram stands there twice; remove one")
            if order > 1 and gram[:-1] not in lower[-1]:
                self._fail("this n-gram without its last word is not in the file; add it")
            table[gram] = entry
        return table

    def _parse(self, line: str, order: int, *, is_last: bool) -> tuple[tuple[int, ...], Entry]:
        fields = _FIELDS.split(line.strip(" \t\r"))
        if len(fields) not in ((order + 1,) if is_last else (order + 1, order + 2)):
            weight = "" if is_last else " and perhaps a back-off weight"
            msg = f"{len(fields)} fields; expected a log-probability, {order} words{weight}"
            self._fail(msg)
        unknown = [word for word in fields[1 : order + 1] if word not in self._ids]
        if unknown:
            msg = f"'{unknown[0]}' is no token of the model; count the text that its tokenizer cut"
            self._fail(msg)
        log_prob = self._number_of(fields[0])
        if log_prob > _ROUNDING:
            self._fail(f"{fields[0]} is no log10 of a probability, which is never above 0")
        backoff = self._number_of(fields[-1]) if len(fields) == order + 2 else 0.0
        gram = tuple(self._ids[word] for word in fields[1 : order + 1])
        return gram, Entry(log_prob * math.log(10), backoff * math.log(10))

    def _number_of(self, field: str) -> float:
        try:
            value = float(field)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            self._fail(f"'{field}' is no number")
        return value

    def _next(self) -> str:
        if self._number == len(self._lines):
            self._fail("the file ends too early; an ARPA file goes from \\data\\ to \\end\\")
        self._number += 1
        return self._lines[self._number - 1].rstrip("\r")

    def _next_text(self) -> str:
        while not (line := self._next().strip(" \t")):
            pass
        return line

    def _fail(self, what: str) -> NoReturn:
        msg = f"{self._path}:{self._number}: {what}"
        raise ConfigError(msg)
