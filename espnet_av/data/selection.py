"""Choosing some of the utterances of a data dir."""

from __future__ import annotations

import random
from collections.abc import Callable

from espnet_av.data.data_dir import DataDir
from espnet_av.errors import DataDirError
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE


def select(data: DataDir, mode: str, number: int) -> list[str]:
    """Utterances chosen from a data dir; the same ones on every call.

    Args:
        data: a data dir.
        mode: a key of `SELECTIONS`: `spread` evenly over the sorted list, the `first` or `last`
            ones, the `shortest`, whole `speakers` in random order until there are enough, or
            `number` `per_speaker`.
        number: how many; at most as many as there are.
    """
    return SELECTIONS[mode](data, number)


def _spread(data: DataDir, number: int) -> list[str]:
    total = len(data.utt_ids)
    number = min(number, total)
    return [data.utt_ids[index * total // number] for index in range(number)]


def _shortest(data: DataDir, number: int) -> list[str]:
    return sorted(data.utt_ids, key=lambda utt_id: _seconds(data, utt_id))[:number]


def _speakers(data: DataDir, number: int) -> list[str]:
    by_speaker = _by_speaker(data)
    speakers = sorted(by_speaker)
    random.Random(0).shuffle(speakers)
    chosen: list[str] = []
    for speaker in speakers:
        if len(chosen) >= number:
            break
        chosen += by_speaker[speaker]
    return chosen


def _per_speaker(data: DataDir, number: int) -> list[str]:
    return [
        utt_ids[index * len(utt_ids) // min(number, len(utt_ids))]
        for utt_ids in _by_speaker(data).values()
        for index in range(min(number, len(utt_ids)))
    ]


SELECTIONS: dict[str, Callable[[DataDir, int], list[str]]] = {
    "spread": _spread,
    "first": lambda data, number: list(data.utt_ids[:number]),
    "last": lambda data, number: list(data.utt_ids[-number:]),
    "shortest": _shortest,
    "speakers": _speakers,
    "per_speaker": _per_speaker,
}


def _by_speaker(data: DataDir) -> dict[str, list[str]]:
    by_speaker: dict[str, list[str]] = {}
    for utt_id in data.utt_ids:
        by_speaker.setdefault(data.tables["utt2spk"][utt_id], []).append(utt_id)
    return by_speaker


def _seconds(data: DataDir, utt_id: str) -> float:
    if frames := data.get("utt2num_frames", utt_id):
        return int(frames) / FRAME_HZ
    if samples := data.get("utt2num_samples", utt_id):
        return int(samples) / SAMPLE_RATE
    _, start, end = data.recording(utt_id)
    if end is not None:
        return end - start
    msg = (
        f"{data.path}: {utt_id}: its length is unknown, as it is in none of utt2num_frames, "
        "utt2num_samples and segments; --shortest needs one of them"
    )
    raise DataDirError(msg)
