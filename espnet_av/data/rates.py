"""The clock of every data set here: 16 kHz sound, 25 Hz video."""

FRAME_HZ = 25
"""Video frames a second."""
SAMPLE_RATE = 16000
"""Audio samples a second."""
SAMPLES_PER_FRAME = SAMPLE_RATE // FRAME_HZ
"""Audio samples under one video frame: 640."""
