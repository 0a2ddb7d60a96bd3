"""Bytes of tiny media files, each synthesised once a process."""

from __future__ import annotations

import functools
import io
import tempfile
from pathlib import Path

import av
import numpy as np
import soundfile
from media_samples import numbered_frames, tone

from espnet_av.media.video import write_video

FS = 16000


@functools.cache
def mp4(seconds: float = 0.4, fps: float = 25.0, side: int = 112, sound: bool = True) -> bytes:
    """A clip with stripes to see and a tone to hear."""
    frames = numbered_frames(round(seconds * fps), side, side)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clip.mp4")
        write_video(path, frames, fps, tone(seconds, FS) if sound else None, FS)
        return path.read_bytes()


@functools.cache
def wav(seconds: float = 0.4, fs: int = FS) -> bytes:
    """A tone."""
    buffer = io.BytesIO()
    soundfile.write(buffer, tone(seconds, fs), fs, format="WAV")
    return buffer.getvalue()


@functools.cache
def packed_sound(
    container: str, codec: str, seconds: float = 0.4, fs: int = 32000, seed: int | None = None
) -> bytes:
    """A tone as `mp3` or in `mp4` (which makes an .m4a); with a seed, noise that comes and goes."""
    buffer = io.BytesIO()
    wave = (tone(seconds, fs) if seed is None else gusts(seconds, fs, seed))[np.newaxis]
    with av.open(buffer, "w", format=container) as out:
        stream = out.add_stream(codec, fs)
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(wave), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = fs, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return buffer.getvalue()


def gusts(seconds: float, fs: int, seed: int) -> np.ndarray:
    """(S,) float32 noise of changing loudness, so that no two stretches of it sound the same."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * fs)) / fs
    loudness = 0.02 + 0.2 * np.sin(2 * np.pi * (1 + rng.random()) * times) ** 2
    return (loudness * rng.standard_normal(len(times))).astype(np.float32)


def put(path: Path, content: bytes | str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
    return path


def report(out_dir: Path) -> list[tuple[str, str, str]]:
    """Utterance, reason and action of every line of `prepare_report.tsv`."""
    lines = (out_dir / "prepare_report.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "utt_id\treason\taction\tdetail"
    return [tuple(line.split("\t")[:3]) for line in lines[1:]]


def coverage(out_dir: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Rows of `coverage.tsv` by split and language."""
    lines = (out_dir / "coverage.tsv").read_text(encoding="utf-8").splitlines()
    columns = lines[0].split("\t")
    rows = [dict(zip(columns, line.split("\t"), strict=True)) for line in lines[1:]]
    return {(row["split"], row["lang"]): row for row in rows}
