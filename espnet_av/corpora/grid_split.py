"""Which GRID sentences train, validate and test."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Literal, NamedTuple

from espnet_av.errors import DataDirError
from espnet_av.fingerprint import place_of
from espnet_av.text_file import read_text

Split = Literal["auto", "lists", "overlapped", "unseen"]
SETS = ("train", "valid", "test")

_UNSEEN_TALKERS = frozenset(("s1", "s2", "s20", "s22"))
"""Held-out talkers of LipNet (arXiv 1611.01599) and of the work that followed it."""
_OVERLAPPED_TEST_SHARE = 0.255
"""255 of each talker's 1000 sentences, as in LipNet's other split; the sentences are ours."""
_VALID_SHARE = 0.05


class Sets(NamedTuple):
    """Utterance ids of each set, and how the lists and the files disagree."""

    ids: dict[str, list[str]]
    unlisted: list[str]
    """Utterances that no list names."""
    missing: list[str]
    """Names in the lists without an utterance."""


def split_utterances(utt_ids: Collection[str], root: Path, split: Split) -> Sets:
    """Divide utterances (`s1-bbaf2n`) into train, valid and test.

    Args:
        utt_ids: every usable utterance.
        root: folder of the lists.
        split: `lists`, `overlapped`, `unseen` or `auto`; see `prepare_grid`.

    Raises:
        DataDirError: a list is missing, or two lists name the same utterance.
    """
    has_lists = all((root / f"{name}.list").is_file() for name in SETS)
    if split == "lists" or (split == "auto" and has_lists):
        return _by_lists(utt_ids, root)
    sets: dict[str, list[str]] = {name: [] for name in SETS}
    talkers: dict[str, list[str]] = {}
    for utt_id in utt_ids:
        talkers.setdefault(utt_id.split("-")[0], []).append(utt_id)
    for talker, ids in talkers.items():
        ranked = sorted(ids, key=place_of)
        test_share = _OVERLAPPED_TEST_SHARE
        if split == "unseen":
            test_share = 1.0 if talker in _UNSEEN_TALKERS else 0.0
        num_test = round(test_share * len(ids))
        num_valid = round(_VALID_SHARE * len(ids))
        sets["test"] += ranked[:num_test]
        sets["valid"] += ranked[num_test : num_test + num_valid]
        sets["train"] += ranked[num_test + num_valid :]
    return Sets(sets, [], [])


def _by_lists(utt_ids: Collection[str], root: Path) -> Sets:
    sets: dict[str, list[str]] = {}
    missing: list[str] = []
    owner: dict[str, str] = {}
    for name in SETS:
        named = _read_list(root / f"{name}.list")
        # A name without a talker means every talker's clip of that name.
        sets[name] = [u for u in utt_ids if u in named or u.split("-")[1] in named]
        known = {item for u in sets[name] for item in (u, u.split("-")[1])}
        missing += [f"{name}.list: {item}" for item in sorted(named - known)]
        for utt_id in sets[name]:
            if utt_id in owner:
                msg = (
                    f"{root}/{name}.list: {utt_id} is in {owner[utt_id]}.list too; a sentence "
                    "must be in one set only"
                )
                raise DataDirError(msg)
            owner[utt_id] = name
    return Sets(sets, [utt_id for utt_id in utt_ids if utt_id not in owner], missing)


def _read_list(path: Path) -> set[str]:
    if not path.is_file():
        msg = f"{path}: missing; split 'lists' needs train.list, valid.list and test.list"
        raise DataDirError(msg)
    lines = read_text(path, DataDirError, "check the list").split()
    return {line.replace("/", "-") for line in lines}
