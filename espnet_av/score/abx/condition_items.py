"""Items of a condition that was decoded: its phones, or its utterances."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from espnet_av.data.table import parse_ctm, raise_problems
from espnet_av.errors import DataDirError
from espnet_av.features.feature_files import num_frames
from espnet_av.predict.condition import CTM
from espnet_av.score.abx.alignment import ItemRules, items_of
from espnet_av.score.abx.items import AbxItem, read_items
from espnet_av.score.abx.language import language_items
from espnet_av.score.abx.measure import Layers
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.abx.spans import parse_rate
from espnet_av.score.conditions import Decoded, read_rows


class MakeItems(Protocol):
    """Items of a condition, for features of some rate."""

    def __call__(
        self, condition: Decoded, layers: Layers, rate: str, options: AbxOptions
    ) -> list[AbxItem]:
        """Items of the utterances of `layers`.

        Raises:
            DataDirError: there are none.
        """
        ...


def phone_items(
    condition: Decoded, layers: Layers, rate: str, options: AbxOptions
) -> list[AbxItem]:
    """Phones: of an item file, or of the alignment of the set.

    Raises:
        DataDirError: there is neither, or no phone becomes an item.
    """
    if options.items:
        path = Path(options.items.replace("{set}", str(condition.info["set"])))
        return _by_language(read_items(path), condition)
    ctm = condition.folder / CTM
    if not ctm.is_file():
        msg = (
            f"{ctm}: missing: the test set has no alignment of phones (ctm); give it one, or name "
            "an item file in expected_scores.yaml: scoring: {abx: {items: data/{set}.item}}"
        )
        raise DataDirError(msg)
    alignment, problems = parse_ctm(ctm)
    raise_problems(problems)
    speakers = read_rows(condition.folder / "utt2spk")
    found, reasons = items_of(alignment, speakers, ItemRules(kind=options.kind))
    if not found:
        msg = f"{ctm}: no phone becomes an item (left out: {reasons}); does it hold phones?"
        raise DataDirError(msg)
    return _by_language(found, condition)


def _by_language(items: list[AbxItem], condition: Decoded) -> list[AbxItem]:
    """Phones of two languages are two, whatever their names."""
    langs = condition.groups.get("utt2lang")
    if langs is None:
        return items
    return [
        replace(
            item,
            phone=f"{langs.get(item.file, '')}:{item.phone}",
            previous=f"{langs.get(item.file, '')}:{item.previous}",
        )
        for item in items
    ]


def utterance_items(
    condition: Decoded, layers: Layers, rate: str, options: AbxOptions
) -> list[AbxItem]:
    """Whole utterances: see `language_items`."""
    frames = num_frames(next(iter(layers.values())))
    return language_items(condition, frames, parse_rate(rate))
