"""The clock of every data set here: 16 kHz sound, 25 Hz video."""

import math
from typing import Literal

FRAME_HZ = 25
"""Video frames a second."""
SAMPLE_RATE = 16000
"""Audio samples a second."""
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_HZ
"""Audio samples under one video frame: 640."""
FrameRate = Literal[25, 50]
"""Features a second that a model may have: as many as video frames, or twice as many."""


def frames_at_rate(num_frames: int, frame_hz: float) -> int:
    """Frames at another rate that begin within `num_frames` at 25 Hz."""
    return math.ceil(num_frames * frame_hz / FRAME_HZ)
