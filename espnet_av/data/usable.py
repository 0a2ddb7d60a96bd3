"""Which utterances of a dump can be used, and why the others cannot."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.video_augment import num_frames_at
from espnet_av.data.target import target_table, target_texts, text_lang
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.units import UnitSet
from espnet_av.errors import DataDirError
from espnet_av.rates import frames_at_rate


def find_drops(
    data: DataDir,
    config: DatasetConfig,
    *,
    modalities: Modalities,
    train: bool,
    partial: bool,
    tokenizer: Tokenizer | None,
    units: UnitSet | None,
    frame_hz: float,
) -> list[Drop]:
    """What has to be left out, in the order of the utterances.

    Args:
        data: the dump.
        config: language of the text, speeds, and whether long texts are left out.
        modalities: what is read; of a pair either may be missing.
        train: leave out texts that are too long for their utterance.
        partial: leave out what lacks the modality, instead of refusing the set.
        tokenizer: None: no text is needed.
        units: None: no unit labels are needed.
        frame_hz: rate of the model's frames.

    Raises:
        DataDirError: an utterance lacks the modality, and the set has to be whole.
    """
    drops = _without_media(data, modalities, partial)
    absent = {drop.utt_id for drop in drops}
    if tokenizer is not None and config.target_lang:
        # Transcripts are complete or absent; translations may be there for some.
        table = target_table(config.target_lang)
        drops += _outside(data.tables[table], data, absent, f"not in {table}")
    if units is not None:
        labelled = [utt_id for utt_id in data.utt_ids if utt_id in units]
        drops += _outside(labelled, data, absent, "no unit labels")
    if train and tokenizer is not None and config.drop_long_text:
        left_out = {drop.utt_id for drop in drops}
        drops += _with_long_text(data, config, tokenizer, frame_hz, left_out)
    return sorted(drops)


def _without_media(data: DataDir, modalities: Modalities, partial: bool) -> list[Drop]:
    needed = {"A": "wav.scp", "V": "video.scp"}.get(modalities)
    if needed is None:
        return []
    absent = [utt_id for utt_id in data.utt_ids if utt_id not in data.tables.get(needed, {})]
    if absent and not partial:
        msg = (
            f"{data.path}/{needed}: {len(absent)} test utterances are missing, e.g. {absent[0]}; "
            f"mode {modalities} cannot decode them, and none is left out of a test: dump the set "
            "with 'require: both', or drop the mode"
        )
        raise DataDirError(msg)
    return [Drop(utt_id, f"not in {needed}", "") for utt_id in absent]


def _outside(
    known: Collection[str], data: DataDir, absent: Collection[str], reason: str
) -> list[Drop]:
    return [Drop(utt_id, reason, "") for utt_id in set(data.utt_ids) - set(known) - set(absent)]


def _with_long_text(
    data: DataDir,
    config: DatasetConfig,
    tokenizer: Tokenizer,
    frame_hz: float,
    left_out: Collection[str],
) -> list[Drop]:
    texts = target_texts(data, config.target_lang)
    drops, fastest = [], max(config.speeds)
    for utt_id in data.utt_ids:
        if utt_id in left_out:
            continue
        ids = tokenizer.encode(texts[utt_id], text_lang(data, utt_id, config.target_lang))
        # CTC needs a frame for every token and a blank between two equal ones.
        needed = len(ids) + sum(a == b for a, b in pairwise(ids))
        frames = num_frames_at(num_frames(data, utt_id), fastest)
        frames = min(frames, frames_at_rate(frames, frame_hz))
        if needed > frames:
            drops.append(Drop(utt_id, "text too long", f"{needed} > {frames} frames"))
    return drops
