"""Phones in place of words, as lexicons have them: the texts of SUPERB's phone recognition."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from espnet_av.corpora.coverage import write_rows
from espnet_av.corpora.files import visible_files
from espnet_av.corpora.tsv import read_lines
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

logger = logging.getLogger(__name__)

UNKNOWN = "SPN"
"""Phone of a word that no lexicon has: spoken noise."""
REPORT = "phones_report.tsv"
_ORDER = ("200k", "allothers")
"""Parts of names of LibriSpeech's lexicons, that of frequent words first."""


def prepare_phone_lexicon(
    root: str | Path, out_dir: str | Path, *, max_missing_ratio: float = 0.001
) -> dict[str, int]:
    """Write the phones of the words into the `text` of a data dir that is there already.

    Lines of a lexicon are `<word> <phone>...`. Of a word that has several, the first counts, in
    the order of the files: LibriSpeech's of 200,000 words, its of all others, then by name. Words
    are compared in upper case. One that none has becomes `SPN`, and `phones_report.tsv` names it.

    Args:
        root: a lexicon, or a folder of some (`.txt`, `.lex`, `.dict`).
        out_dir: the data dir.
        max_missing_ratio: largest share of words without a pronunciation.

    Returns:
        Utterances of the set.

    Raises:
        DataDirError: there is no lexicon, a line of one has no phone, or the set has phones
            already.
        DroppedTooManyError: more words than allowed are in none.
    """
    out_dir, data = Path(out_dir), read_data_dir(out_dir)
    texts = data.tables.get("text")
    if texts is None:
        msg = f"{out_dir}/text: no such file, but phones are those of its words"
        raise DataDirError(msg)
    lexicon = read_lexicons(find_lexicons(Path(root)))
    _check_words(out_dir, texts, lexicon)
    words = {utt_id: text.upper().split() for utt_id, text in texts.items()}
    unknown = [(u, word) for u, said in words.items() for word in said if word not in lexicon]
    write_rows(out_dir / REPORT, ("utt_id", "word"), unknown)
    count = sum(map(len, words.values()))
    if len(unknown) > max_missing_ratio * count:
        msg = (
            f"{out_dir}/text: {len(unknown)} of {count} words are in no lexicon of {root}, such as "
            f"'{unknown[0][1]}', more than max_missing_ratio {max_missing_ratio} allows; see "
            f"{out_dir}/{REPORT}, then give the lexicons of this corpus, or raise it"
        )
        raise DroppedTooManyError(msg)
    logger.info("%s: %d words, %d of them unknown: %s", out_dir, count, len(unknown), UNKNOWN)
    phones = {utt_id: phonemise(said, lexicon) for utt_id, said in words.items()}
    write_data_dir(out_dir, {**data.tables, "text": phones}, data.ctm)
    return {out_dir.name: len(phones)}


def find_lexicons(root: Path) -> list[Path]:
    """Files in the order in which they count.

    Raises:
        DataDirError: there is none.
    """
    found = [root] if root.is_file() else visible_files(root, [".txt", ".lex", ".dict"])
    if not found:
        msg = (
            f"{root}: no lexicon (.txt, .lex, .dict); fetch librispeech-lexicon-200k-g2p.txt and "
            "librispeech-lexicon-allothers-g2p.txt there, as s3prl has them, or another"
        )
        raise DataDirError(msg)
    return sorted(found, key=lambda path: (_place(path.name), path.name))


def _place(name: str) -> int:
    return next((i for i, part in enumerate(_ORDER) if part in name), len(_ORDER))


def read_lexicons(paths: Iterable[Path]) -> dict[str, tuple[str, ...]]:
    """Word -> phones; the first of several counts.

    Raises:
        DataDirError: a line has no phone.
    """
    lexicon: dict[str, tuple[str, ...]] = {}
    for path in paths:
        for word, phones in _entries(path):
            lexicon.setdefault(word, phones)
    return lexicon


def _entries(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for number, line in enumerate(read_lines(path), 1):
        word, *phones = line.split() or [""]
        if word and not phones:
            msg = f"{path}:{number}: expected '<word> <phone>...', got '{line.strip()}'"
            raise DataDirError(msg)
        if word:
            yield word.upper(), tuple(phones)


def phonemise(words: Sequence[str], lexicon: Mapping[str, Sequence[str]]) -> str:
    """The phones of words one after another, without anything between words."""
    return " ".join(phone for word in words for phone in lexicon.get(word, (UNKNOWN,)))


def _check_words(
    out_dir: Path, texts: Mapping[str, str], lexicon: Mapping[str, Sequence[str]]
) -> None:
    """Refuse what has been done before: phones are no words."""
    phones = {UNKNOWN, *(phone for said in lexicon.values() for phone in said)}
    first = next(iter(texts.values()), "").split()
    if first and all(word in phones for word in first) and len(first) > 1:
        msg = (
            f"{out_dir}/text: has phones already, such as '{' '.join(first[:5])}'; make the data "
            "dir again to begin with its words"
        )
        raise DataDirError(msg)
