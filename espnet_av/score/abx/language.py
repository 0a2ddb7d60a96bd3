"""ABX of languages: whether utterances of one language are nearer to each other than to another.

A and X are in one language, B in another; each is a whole utterance, the mean of its frames. Below
50 % the languages can be told apart. Utterances are compared with those of like length (`context`
holds the bin), and with those of one talker, if some speak several languages; else with those of
one gender, if it is known (`utt2gender`), and all together if not. Corpora of languages differ in
more than language: the same of MFCC tells by how much.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from espnet_av.errors import DataDirError
from espnet_av.score.abx.items import AbxItem, Time
from espnet_av.score.abx.options import AbxOptions
from espnet_av.score.conditions import Decoded, read_rows

_MOST = 100
"""Utterances that are drawn of a language, talker and bin."""
_BINS_A_DOUBLING = 2
"""Utterances of a bin differ by a factor of at most the square root of 2."""


def language_options(condition: Decoded, options: AbxOptions) -> AbxOptions:
    """What is measured: means, and only within where no talker speaks several languages."""
    speaker = options.speaker if _speak_several(condition) else ("within",)
    return replace(
        options,
        speaker=speaker,
        pooling="mean",
        max_size_group=_MOST,
        context="within",
        slice="correct",
    )


def unit_of(condition: Decoded) -> str:
    """What is compared, in words."""
    talkers = _voices(condition)[1]
    return f"utterance, mean of frames; of {talkers} and one length (bins of a factor 1.4)"


def language_items(
    condition: Decoded, num_frames: Mapping[str, int], rate: Fraction
) -> list[AbxItem]:
    """An item for each utterance: `phone` is its language.

    Raises:
        DataDirError: the set is of one language.
    """
    langs = condition.groups.get("utt2lang")
    if langs is None:
        msg = (
            f"{condition.folder}: all utterances are of one language (utt2lang); ABX of languages "
            "needs a set of several, as made by utils/combine_data.sh"
        )
        raise DataDirError(msg)
    voices, _ = _voices(condition)
    items = []
    for utt_id, frames in num_frames.items():
        ticks, ticks_a_sec = frames * rate.denominator, rate.numerator
        bin_number = math.floor(_BINS_A_DOUBLING * math.log2(ticks / ticks_a_sec))
        length = f"{2 ** (bin_number / _BINS_A_DOUBLING):.2f}s+"
        span = Time(0, 1), Time(ticks, ticks_a_sec)
        lang, voice = langs[utt_id], voices[utt_id]
        items.append(AbxItem(utt_id, *span, lang, length, length, voice, "utt2lang"))
    return items


def _speak_several(condition: Decoded) -> bool:
    spoken: dict[str, set[str]] = defaultdict(set)
    langs = condition.tables.get("utt2lang", {})
    for utt_id, speaker in read_rows(condition.folder / "utt2spk").items():
        spoken[speaker].add(langs.get(utt_id, ""))
    return any(len(found) > 1 for found in spoken.values())


def _voices(condition: Decoded) -> tuple[dict[str, str], str]:
    """Utterance -> whom it is compared with, and what that is in words."""
    speakers = read_rows(condition.folder / "utt2spk")
    if _speak_several(condition):
        return speakers, "one talker"
    genders = condition.folder / "utt2gender"
    if genders.is_file():
        return read_rows(genders), "one gender, as no talker speaks several languages"
    return dict.fromkeys(speakers, "all"), "all talkers, as none speaks several languages"
