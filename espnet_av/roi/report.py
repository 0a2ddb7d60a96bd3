"""What the roi stage shows people: a table of tracking and a sheet of mouths to look at."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from espnet_av.atomic import atomic_write
from espnet_av.data.ark import read_clip
from espnet_av.fingerprint import place_of
from espnet_av.roi.shard import Tracked

logger = logging.getLogger(__name__)

_NUM_WORST = 24
_NUM_RANDOM = 24
_COLUMNS = 4
_SHOWN = (0.2, 0.5, 0.8)
"""Where in the clip its pictures are taken."""
_THUMBNAIL = 96
_LABEL_HEIGHT = 16
_GAP = 6
_WHITE = 255


def write_tracking(
    path: Path, clips: Mapping[str, Tracked], notes: Mapping[str, str] | None = None
) -> None:
    """Write `tracking.tsv`: utterance, frames, frames detected, share; notes if there are any."""
    with atomic_write(path) as stream:
        stream.write("utt_id\tframes\tdetected\tshare" + ("\tnote" if notes else "") + "\n")
        for utt_id, clip in clips.items():
            share = clip.num_detected / clip.num_frames
            row = f"{utt_id}\t{clip.num_frames}\t{clip.num_detected}\t{share:.4f}"
            stream.write(row + (f"\t{notes.get(utt_id, '-')}" if notes else "") + "\n")
    if notes:
        first = next(iter(notes))
        logger.info("%s: %d clips with a note, as %s: %s", path, len(notes), first, notes[first])
    frames = sum(clip.num_frames for clip in clips.values())
    detected = sum(clip.num_detected for clip in clips.values())
    logger.info("%s: face seen in %d of %d frames", path, detected, frames)


def write_contact_sheet(roi_dir: Path, clips: Mapping[str, Tracked]) -> None:
    """Write `contact_sheet.png`: three frames each of the worst tracked and of random clips."""
    if not clips:
        (roi_dir / "contact_sheet.png").unlink(missing_ok=True)
        return
    ranked = sorted(clips, key=lambda u: (clips[u].num_detected / clips[u].num_frames, u))
    worst, rest = ranked[:_NUM_WORST], ranked[_NUM_WORST:]
    # Random, yet the same for the same clips: a second run writes the same picture.
    rest = sorted(rest, key=place_of)[:_NUM_RANDOM]
    sections = [("lowest share of frames detected", worst), ("random others", rest)]
    parts = [
        _section(roi_dir, f"{title} (id, share)", {u: clips[u] for u in utt_ids})
        for title, utt_ids in sections
        if utt_ids
    ]
    data = cv2.imencode(".png", np.concatenate(parts))[1].tobytes()
    with atomic_write(roi_dir / "contact_sheet.png", "wb") as stream:
        stream.write(data)


def _section(roi_dir: Path, title: str, clips: Mapping[str, Tracked]) -> np.ndarray:
    cells = [_cell(roi_dir, utt_id, clip) for utt_id, clip in clips.items()]
    blank = np.full_like(cells[0], _WHITE)
    cells += [blank] * (-len(cells) % _COLUMNS)
    rows = [np.hstack(cells[i : i + _COLUMNS]) for i in range(0, len(cells), _COLUMNS)]
    return np.concatenate([_label(title, rows[0].shape[1]), *rows])


def _cell(roi_dir: Path, utt_id: str, clip: Tracked) -> np.ndarray:
    frames = read_clip(str(roi_dir / clip.pointer), utt_id)
    shown = _pick(frames, _SHOWN)
    width = len(_SHOWN) * _THUMBNAIL
    label = _label(f"{utt_id} {clip.num_detected / clip.num_frames:.2f}", width)
    cell = np.concatenate([label, np.hstack(shown)])
    return np.pad(cell, ((0, _GAP), (0, _GAP)), constant_values=_WHITE)


def _pick(frames: np.ndarray, shares: Sequence[float]) -> list[np.ndarray]:
    size = (_THUMBNAIL, _THUMBNAIL)
    chosen = [frames[int(share * (len(frames) - 1))] for share in shares]
    return [cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in chosen]


def _label(text: str, width: int) -> np.ndarray:
    strip = np.full((_LABEL_HEIGHT, width), _WHITE, np.uint8)
    place, black = (2, _LABEL_HEIGHT - 5), (0,)
    cv2.putText(strip, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.38, black, 1, cv2.LINE_AA)
    return strip
