"""Options of the roi stage (`conf/roi.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from espnet_av.config import Choice
from espnet_av.data.ark_entry import ClipEncoding


@dataclass(frozen=True, kw_only=True)
class RoiConfig:
    """How mouths are found, cut out and stored."""

    tracker: Annotated[str, Choice("roi.tracking.TRACKERS", also=("auto", "precomputed"))] = "auto"
    """Where face points come from: `precomputed` (landmarks.scp), `mediapipe` (optional package),
    `haar` (OpenCV's cascades), `fixed` (one place for all); `auto` takes mediapipe, else haar."""
    fallback: Annotated[str, Choice("roi.tracking.TRACKERS", also=("none", "auto"))] = "none"
    """precomputed: what finds the faces of clips without landmarks; none: these are dropped."""
    detect_every: int = 8
    """haar: look for the face in every n-th frame and interpolate between (frames)."""
    detect_side: int = 240
    """haar: shrink pictures until their shorter side has this many pixels before looking."""
    fixed_crop: tuple[float, float, float] = (0.5, 0.5, 1.0)
    """fixed: centre x (share of width), centre y (share of height) and side of the square to cut
    (share of the shorter side); the default keeps clips that are mouth crops already."""
    smoothing_window: int = 12
    """Width of the centred averaging window over face points (frames)."""
    min_share: float = 0.2
    """Least share of the frames in which the face is seen (haar: between two looks that saw it);
    clips with less are dropped, as most of their mouths would be guessed. 0 keeps every one."""
    size: int = 96
    """Side of the stored crop (pixels)."""
    encoding: ClipEncoding = "jpeg"
    """How clips are stored in the archives; see `data/ark.py` for what each costs."""
    shard_utts: int = 128
    """Utterances in an archive; also the unit of parallel work and of resuming."""
    max_dropped_ratio: float = 0.05
    """Fail when a larger share of the utterances has no usable mouth clip."""

    def __post_init__(self) -> None:
        if self.detect_every < 1 or self.detect_side < 24 or self.shard_utts < 1:
            msg = "detect_every and shard_utts must be at least 1, detect_side at least 24"
            raise ValueError(msg)
        if self.size < 8 or self.smoothing_window < 0 or not 0 <= self.max_dropped_ratio <= 1:
            msg = "size >= 8, smoothing_window >= 0 and max_dropped_ratio within 0..1 are needed"
            raise ValueError(msg)
        if not 0 <= self.min_share <= 1:
            msg = f"min_share is {self.min_share}; it is a share between 0 and 1"
            raise ValueError(msg)
        if self.fixed_crop[2] <= 0:
            msg = "the side in fixed_crop (its third number) must be positive"
            raise ValueError(msg)
