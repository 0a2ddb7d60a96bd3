"""A data dir as lhotse's cuts, sound and video, without lhotse."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from espnet_av.atomic import atomic_write
from espnet_av.data.data_dir import DataDir
from espnet_av.data.fields import find_table
from espnet_av.data.table import is_ark_pointer
from espnet_av.data.tables import LANGS, PICTURE, SEGMENTS, SOUND, SPEAKERS, TEXT
from espnet_av.errors import DataDirError
from espnet_av.media.container import open_container
from espnet_av.media.track_length import all_seconds
from espnet_av.media.tracks import find_track
from espnet_av.media.video import frame_rate
from espnet_av.rates import SAMPLE_RATE

CUSTOM = "espnet_av"
"""Key under which a supervision has what lhotse has no place for: table -> value."""
_NATIVE = {SOUND.name, PICTURE.name, SEGMENTS, TEXT.name, SPEAKERS.name, LANGS.name}
"""Tables that have a place of their own."""
_DECIMALS = 8
"""As lhotse rounds seconds."""


def write_cuts(data: DataDir, path: Path, alignment: str) -> int:
    """Write a data dir as one cut an utterance, each with its recording and supervision.

    Args:
        data: with paths of media files, as before the dump.
        path: `.jsonl`, or `.jsonl.gz`.
        alignment: what the labels of `ctm` are called, `word` or `phone`.

    Returns:
        number of cuts.

    Raises:
        DataDirError: sound or video lies in an archive, or is not in its file.
        MediaError: a file cannot be read.
    """
    lines = (json.dumps(cut, ensure_ascii=False) + "\n" for cut in cuts_of(data, alignment))
    count = 0
    with atomic_write(path, "wb") as file:
        # No time in the file: the same cuts give the same bytes.
        out = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if path.suffix == ".gz" else file
        for line in lines:
            out.write(line.encode())
            count += 1
        if out is not file:
            out.close()
    return count


def cuts_of(data: DataDir, alignment: str) -> Iterator[dict[str, Any]]:
    """Cuts as lhotse's `to_dict` has them, in the order of the utterances."""
    for utt_id in data.utt_ids:
        name, start, end = data.recording(utt_id)
        recording = _recording(data, name)
        whole = recording["duration"]
        duration = round((whole if end is None else end) - start, _DECIMALS)
        span = {"start": start, "duration": duration}
        yield {
            "id": utt_id,
            **span,
            "channel": 0,
            "supervisions": [_supervision(data, utt_id, name, duration, alignment)],
            "recording": recording,
            "type": "MonoCut",
        }


def _supervision(
    data: DataDir, utt_id: str, recording: str, duration: float, alignment: str
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": utt_id,
        "recording_id": recording,
        "start": 0.0,
        "duration": duration,
        "channel": 0,
    }
    for key, table in (("text", TEXT), ("language", LANGS), ("speaker", SPEAKERS)):
        if (value := data.get(table.name, utt_id)) is not None:
            found[key] = value
    others = {}
    for name in sorted(set(data.tables) - _NATIVE):
        known, entry = find_table(name), data.key(name, utt_id)
        if known is not None and entry is not None and data.get(name, entry) is not None:
            others[name] = (data.locate if known.is_file else data.get)(name, entry)
    if others:
        found["custom"] = {CUSTOM: others}
    if utt_id in data.ctm:
        labels = [[one.label, one.start, one.duration, None] for one in data.ctm[utt_id]]
        found["alignment"] = {alignment: labels}
    return found


def _recording(data: DataDir, name: str) -> dict[str, Any]:
    sound, video = (_file(data, table.name, name) for table in (SOUND, PICTURE))
    sources: list[dict[str, Any]] = []
    lengths = []
    if sound is not None:
        rate, duration = _sound(sound)
        sources.append({"type": "file", "channels": [0], "source": sound})
        lengths.append((rate, duration))
    if video is not None:
        facts, duration = _video(video)
        if video == sound:
            sources[0]["video"] = facts
        else:
            sources.append({"type": "file", "channels": [], "source": video, "video": facts})
        lengths.append((SAMPLE_RATE, duration))
    rate, duration = lengths[0]
    samples = round(rate * duration)
    return {
        "id": name,
        "sources": sources,
        "sampling_rate": rate,
        "num_samples": samples,
        "duration": round(samples / rate, _DECIMALS),
        "channel_ids": [0],
    }


def _file(data: DataDir, table: str, name: str) -> str | None:
    value = data.locate(table, name)
    if value is not None and is_ark_pointer(value):
        msg = f"{data.path}/{table}: {name} lies in an archive, which lhotse cannot read; export "
        msg += "the data dir that was dumped"
        raise DataDirError(msg)
    return value and str(Path(value).absolute())


@cache
def _sound(path: str) -> tuple[int, float]:
    """Rate and seconds of the sound of a file."""
    with open_container(path) as container:
        stream = find_track(container, "audio")
        if stream is None:
            msg = f"{path}: has no sound; leave its line out of {SOUND.name}"
            raise DataDirError(msg)
        return int(stream.rate), all_seconds(container, [stream])[0]


@cache
def _video(path: str) -> tuple[dict[str, Any], float]:
    """What lhotse tells of a video, and its seconds."""
    with open_container(path) as container:
        stream = find_track(container, "video")
        if stream is None:
            msg = f"{path}: has no pictures; leave its line out of {PICTURE.name}"
            raise DataDirError(msg)
        height, width = int(stream.height), int(stream.width)
        seconds = all_seconds(container, [stream])[0]
    fps = frame_rate(path)
    frames = {"fps": fps, "num_frames": round(seconds * fps), "height": height, "width": width}
    return frames, seconds
