"""The clock of every data set here: 16 kHz sound, 25 Hz video."""

import math

FRAME_HZ = 25
"""Video frames a second."""
SAMPLE_RATE = 16000
"""Audio samples a second."""
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_HZ
"""Audio samples under one video frame: 640."""


def frames_at_rate(num_frames: int, frame_hz: float) -> int:
    """Frames at another rate that begin within `num_frames` at 25 Hz."""
    return math.ceil(num_frames * frame_hz / FRAME_HZ)
