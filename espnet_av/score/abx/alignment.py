"""Items from alignments: which phones become items, and what keeps the others from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from espnet_av.data.table import Segment
from espnet_av.errors import ConfigError, DataDirError
from espnet_av.score.abx.items import AbxItem, Time
from espnet_av.score.abx.options import KINDS, AbxOptions, ItemKind
from espnet_av.score.abx.plan import label, make_plan

SILENCES = ("SIL", "sil", "sp", "spn", "SPN", "<eps>", "<unk>", "NSN", "noise", "")
"""What is no phone; nothing beside it is an item."""
_TICKS = 10_000
"""A second: item files have four decimals."""
_GAP_TICKS = 10
"""Phones that are further apart are no neighbours."""
_POSITION = re.compile(r"_[BEIS]$")
_STRESS = re.compile(r"(?<=[A-Za-z])[0-2]$")


@dataclass(frozen=True, kw_only=True)
class ItemRules:
    """How phones become items."""

    kind: ItemKind = "triphone"
    """A phone from the start of the one before to the end of the one after, or by itself."""
    silences: tuple[str, ...] = SILENCES
    """Labels that are no phones."""
    min_sec: float = 0.03
    """Shortest phone."""
    max_sec: float = 0.5
    """Longest phone."""
    min_group: int = 2
    """Items that a talker must have of a phone between the same neighbours; 1: any."""
    strip_stress: bool = False
    """Leave out stress digits, as of AH0."""
    strip_position: bool = True
    """Leave out Kaldi's places in a word, as of AH_B."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            msg = f"kind is '{self.kind}'; choices: {', '.join(KINDS)}"
            raise ConfigError(msg)
        if not 0 <= self.min_sec < self.max_sec:
            msg = f"phones from {self.min_sec:g} to {self.max_sec:g} s: none is of that length"
            raise ConfigError(msg)
        if self.min_group < 1:
            msg = f"min_group is {self.min_group}; at least 1, which keeps all"
            raise ConfigError(msg)


@dataclass(frozen=True)
class _Phone:
    name: str
    start: int
    end: int


def items_of(
    alignment: Mapping[str, Sequence[Segment]], speakers: Mapping[str, str], rules: ItemRules
) -> tuple[list[AbxItem], dict[str, int]]:
    """Make items of every phone that has a phone on either side.

    Args:
        alignment: utterance -> its phones and silences.
        speakers: utterance -> talker.
        rules: for items.

    Returns:
        Items, in order, and how many phones were left out for which reason.

    Raises:
        DataDirError: an utterance has no talker, or a label holds a space.
    """
    found: list[AbxItem] = []
    reasons: Counter[str] = Counter()
    for utt_id, segments in alignment.items():
        if utt_id not in speakers:
            msg = f"{utt_id}: its alignment has no talker; add it to utt2spk"
            raise DataDirError(msg)
        phones = [_phone(segment, rules, utt_id) for segment in sorted(segments)]
        for place, phone in enumerate(phones):
            before = phones[place - 1] if place else None
            after = phones[place + 1] if place + 1 < len(phones) else None
            reason = _unfit(before, phone, after, rules)
            if reason is not None:
                reasons[reason] += 1
                continue
            assert before is not None and after is not None
            whole = rules.kind == "triphone"
            onset, offset = (before.start, after.end) if whole else (phone.start, phone.end)
            found.append(
                AbxItem(
                    utt_id,
                    Time(onset, _TICKS),
                    Time(offset, _TICKS),
                    phone.name,
                    before.name,
                    after.name,
                    speakers[utt_id],
                    "ctm",
                )
            )
    return _in_groups(found, rules, reasons)


def _phone(segment: Segment, rules: ItemRules, utt_id: str) -> _Phone:
    name = segment.label
    if any(sign.isspace() for sign in name):
        msg = f"{utt_id}: the label '{name}' holds a space, which an item file cannot; rename it"
        raise DataDirError(msg)
    if rules.strip_position and name not in rules.silences:
        name = _POSITION.sub("", name)
    if rules.strip_stress and name not in rules.silences:
        name = _STRESS.sub("", name)
    start, end = (
        round(_TICKS * second) for second in (segment.start, segment.start + segment.duration)
    )
    return _Phone(name, start, end)


def _unfit(
    before: _Phone | None, phone: _Phone, after: _Phone | None, rules: ItemRules
) -> str | None:
    """Why a phone becomes no item."""
    if phone.name in rules.silences:
        return "silence"
    if before is None or after is None:
        return "at an end of the utterance"
    if {before.name, after.name} & set(rules.silences):
        return "beside silence"
    if max(phone.start - before.end, after.start - phone.end) > _GAP_TICKS:
        return "beside a gap"
    seconds = (phone.end - phone.start) / _TICKS
    if seconds < rules.min_sec:
        return f"shorter than {rules.min_sec:g} s"
    return f"longer than {rules.max_sec:g} s" if seconds > rules.max_sec else None


def _in_groups(
    items: Iterable[AbxItem], rules: ItemRules, reasons: Counter[str]
) -> tuple[list[AbxItem], dict[str, int]]:
    """Leave out items that are too few of their kind."""
    items = list(items)
    sizes = Counter((i.phone, i.previous, i.following, i.speaker) for i in items)
    kept = [
        i for i in items if sizes[i.phone, i.previous, i.following, i.speaker] >= rules.min_group
    ]
    if len(kept) < len(items):
        reasons[f"fewer than {rules.min_group} by its talker"] = len(items) - len(kept)
    return kept, dict(reasons)


def describe(items: Sequence[AbxItem]) -> dict[str, int]:
    """Counts of items: types, talkers, and cells within and across talkers, nothing being drawn."""
    counts = {
        "items": len(items),
        "phones": len({i.phone for i in items}),
        "triphones": len({(i.previous, i.phone, i.following) for i in items}),
        "speakers": len({i.speaker for i in items}),
    }
    options = AbxOptions(max_size_group=None, max_x_across=None)
    for speaker in options.speaker:
        try:
            cells = make_plan(label(items, options), speaker, options).num_cells if items else 0
        except DataDirError:
            cells = 0
        counts[f"cells {speaker} speakers"] = cells
    return counts
