"""Stretches of one file as a dump, such as stage 3 makes of a corpus."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from espnet_av.data.ark import ArkWriter
from espnet_av.data.data_dir import write_data_dir
from espnet_av.rates import SAMPLE_RATE, SAMPLES_PER_FRAME
from espnet_av.roi.config import RoiConfig
from espnet_av.roi.extract import NoMouthError, extract_roi
from espnet_av.roi.tracking import resolve_tracker
from espnet_av.speech2text.windows import Window

logger = logging.getLogger(__name__)

_SPEAKER = "file"


def for_files(roi: RoiConfig) -> RoiConfig:
    """How mouths are found in new files: landmarks of the training data are no help with these."""
    tracker = "auto" if roi.tracker == "precomputed" else roi.tracker
    return dataclasses.replace(roi, tracker=resolve_tracker(tracker))


def name_windows(windows: list[Window]) -> dict[str, Window]:
    """Utterance -> window."""
    return {f"{_SPEAKER}-{number:06d}": window for number, window in enumerate(windows)}


def write_file_dump(
    folder: Path,
    names: Mapping[str, Window],
    speech: np.ndarray | None,
    video: str | Path | None,
    roi: RoiConfig,
    *,
    needs_mouth: bool,
) -> bool:
    """Write a dump of one utterance a window.

    Args:
        folder: an empty one.
        names: utterance -> window.
        speech: (S,) float at 16 kHz, the sound of the file; None: it is not listened to.
        video: file with the picture; None: it is not looked at.
        roi: how mouths are found and cut.
        needs_mouth: refuse a window without one; otherwise its sound alone is there.

    Returns:
        whether a mouth was found in any window.

    Raises:
        NoMouthError: a mouth that is needed is not there.
    """
    tables: dict[str, dict[str, str]] = {
        name: {} for name in ("wav.scp", "video.scp", "utt2num_samples", "utt2num_frames")
    }
    with ArkWriter(folder / "audio.ark") as sounds, ArkWriter(folder / "video.ark") as clips:
        for name, window in names.items():
            if speech is not None:
                wave = _cut(speech, window)
                tables["wav.scp"][name] = sounds.write_audio(name, wave, SAMPLE_RATE)
                tables["utt2num_samples"][name] = str(len(wave))
            if video is not None and window.has_picture:
                frames = _find_mouth(video, window, roi, is_needed=needs_mouth)
                if frames is None:
                    continue
                tables["video.scp"][name] = clips.write_clip(name, frames, roi.encoding)
                tables["utt2num_frames"][name] = str(len(frames))
    is_seen = bool(tables["video.scp"])
    tables = {table: rows for table, rows in tables.items() if rows}
    write_data_dir(folder, {**tables, "utt2spk": dict.fromkeys(names, _SPEAKER)})
    return is_seen


def in_file(text: str, names: Mapping[str, Window]) -> str:
    """A message about utterances of such a dump, by where they are in the file."""
    for name, window in names.items():
        part = f"the part {from_to(window.start, window.end)}"
        text = text.replace(f"utterance {name}", part).replace(name, part)
    return text


def from_to(start: float, end: float | None) -> str:
    """A stretch in words."""
    return f"from {start:g} s to " + ("the end" if end is None else f"{end:g} s")


def _find_mouth(
    video: str | Path, window: Window, roi: RoiConfig, *, is_needed: bool
) -> np.ndarray | None:
    """Mouth clip of a window; None where there is no mouth, unless it is needed."""
    try:
        return extract_roi(video, roi, window.start, window.end).frames
    except NoMouthError as error:
        msg = f"{error} (in the part {from_to(window.start, window.end)})"
        if is_needed:
            raise NoMouthError(msg, reason=error.reason) from error
        logger.warning("%s; by sound alone there", msg)
        return None


def _cut(speech: np.ndarray, window: Window) -> np.ndarray:
    end = None if window.end is None else round(window.end * SAMPLE_RATE)
    wave = speech[round(window.start * SAMPLE_RATE) : end]
    # The picture may go on after the sound has ended.
    return wave if len(wave) else np.zeros(SAMPLES_PER_FRAME, np.float32)
