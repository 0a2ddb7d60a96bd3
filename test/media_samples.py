"""Small media files and data dirs that tests of the media side are made of."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np

from espnet_av.data.data_dir import write_data_dir
from espnet_av.media.video import write_video
from espnet_av.roi.geometry import MEAN_FACE

NUM_BITS = 8
FACE_PLACE = np.array([0.25, 0.25])


def tone(seconds: float, fs: int = 16000, hz: float = 440.0, level: float = 0.5) -> np.ndarray:
    """(S,) float32 sine."""
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * fs)) / fs)).astype(np.float32)


def numbered_frames(num_frames: int, height: int = 64, width: int = 128) -> np.ndarray:
    """(V, H, W) uint8; black and white stripes spell each frame's number, coding cannot blur it."""
    bits = np.arange(num_frames)[:, None] >> np.arange(NUM_BITS) & 1
    stripes = (bits * 255).astype(np.uint8).repeat(width // NUM_BITS, axis=1)
    return stripes[:, None, :].repeat(height, axis=1)


def frame_numbers(frames: np.ndarray) -> list[int]:
    """Numbers of grey `numbered_frames` after coding and decoding."""
    stripes = frames.reshape(len(frames), frames.shape[1], NUM_BITS, -1).mean(axis=(1, 3)) > 127
    return [int(number) for number in (stripes << np.arange(NUM_BITS)).sum(axis=1)]


def textured_frames(num_frames: int, seed: int = 0, side: int = 128) -> np.ndarray:
    """(V, side, side, 3) uint8: smooth drifting blobs of colour, as easy to code as pictures."""
    rng = np.random.default_rng(seed)
    canvas = cv2.resize(rng.integers(30, 226, (12, 12, 3), np.uint8), (side * 2, side * 2))
    return np.stack([canvas[i % side : i % side + side, :side] for i in range(num_frames)])


def face_points(num_frames: int, scale: float = 0.4) -> list[np.ndarray]:
    """The mean face, upright and still, somewhere inside `textured_frames`."""
    return [MEAN_FACE * scale + FACE_PLACE] * num_frames


def make_clip_corpus(root: Path, num_clips: int, num_frames: int = 6) -> Path:
    """A data dir of short clips with sound and precomputed landmarks; returns its folder."""
    tables: dict[str, dict[str, str]] = {
        name: {} for name in ("video.scp", "wav.scp", "landmarks.scp", "utt2spk", "text")
    }
    (root / "media").mkdir(parents=True, exist_ok=True)
    for index in range(num_clips):
        utt_id = f"spk{index % 2}-{index:03d}"
        clip, marks = root / "media" / f"{utt_id}.mp4", root / "media" / f"{utt_id}.pkl"
        sound = tone(num_frames / 25, hz=200.0 + 10 * index)
        write_video(clip, textured_frames(num_frames, seed=index), 25, sound)
        marks.write_bytes(pickle.dumps(face_points(num_frames)))
        row = (str(clip), str(clip), str(marks), utt_id.split("-")[0], f"words {index}")
        for table, value in zip(tables, row, strict=True):
            tables[table][utt_id] = value
    write_data_dir(root / "data", tables)
    return root / "data"


def cut_file(path: Path, target: Path, share: float) -> Path:
    """Copy the first part of a file."""
    content = path.read_bytes()
    target.write_bytes(content[: int(len(content) * share)])
    return target


def indexed_first(path: Path, target: Path) -> Path:
    """Copy an mp4 with its index in front, so that a cut file still opens."""
    import av

    with (
        av.open(str(path)) as source,
        av.open(str(target), "w", options={"movflags": "faststart"}) as copy,
    ):
        streams = {s.index: copy.add_stream_from_template(s) for s in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    return target
