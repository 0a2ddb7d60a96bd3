"""Short films without a face, for tests that need a file and not a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from espnet_av.media.video import write_video


def write_film(path: Path, seed: int, num_frames: int) -> None:
    """Moving stripes with noise for a sound."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(64), np.arange(48))
    waves = rng.uniform(0.05, 0.4, (num_frames, 3))
    pictures = np.stack([127 + 120 * np.sin(a * x + b * y + 6 * c) for a, b, c in waves])
    frames = np.repeat(pictures.astype(np.uint8)[..., None], 3, axis=-1)
    write_video(path, frames, 25, rng.normal(0, 0.1, 640 * num_frames).astype(np.float32), 16000)
