"""Reading and writing pictures: any frame rate in, a constant one out, RGB or grey."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import cv2
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange

from espnet_av.atomic import atomic_path
from espnet_av.errors import MediaError
from espnet_av.media.container import open_media, span_words
from espnet_av.media.orientation import display_matrix, upright
from espnet_av.media.picture_times import at_constant_rate, timed_pictures
from espnet_av.media.pixel_shape import pixel_ratio, with_shape_of, with_square_pixels
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE

_LUMA_FORMATS = frozenset(
    ("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p", "nv12", "nv21", "gray")
)
_HIGHEST_RATE = 120
"""Frames a second; above it stands the clock of the container, not a rate."""
_EXPAND = np.clip(np.rint((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
"""Limited-range luma (16..235) to grey levels (0..255)."""


def frame_rate(path: str | Path) -> float:
    """Frames a second of a film, as its container tells; 25 where that makes no sense.

    Raises:
        MediaError: as `open_media`.
    """
    with open_media(path, "video") as (_, stream):
        rate = float(stream.average_rate or stream.guessed_rate or 0)
    return rate if 1 <= rate <= _HIGHEST_RATE else FRAME_HZ


def iter_frames(
    path: str | Path,
    fps: float = FRAME_HZ,
    start: float = 0.0,
    end: float | None = None,
    gray: bool = False,
) -> Iterator[np.ndarray]:
    """Yield pictures at a constant rate: output k is the source frame nearest to (k / fps) s.

    Second 0 is the first picture, or a whole number of frames at 25 Hz before it (`origin_sec`).
    Where the film stands still, the last picture stays until the next one is due. They come as
    they are shown: with square pixels, turned and mirrored by the display matrix of phones, all of
    the first one's size.

    Args:
        path: any container or codec that FFmpeg reads.
        fps: output frames per second.
        start: first second; output begins at frame round(start * fps) of the whole file.
        end: second to stop at (frame round(end * fps) is not included); None reads to the end.
        gray: yield luma expanded to 0..255 instead of RGB; the luma plane is used as it is stored,
            which is several times faster than going through RGB.

    Yields:
        picture: (H, W, 3) uint8 RGB, or (H, W) uint8 if `gray`.

    Raises:
        MediaError: missing, empty, damaged or truncated file, no video track, no picture between
            `start` and `end`.
    """
    first = round(start * fps)
    stop = None if end is None else round(end * fps)
    with open_media(path, "video") as (container, stream):
        pictures = timed_pictures(container, stream, start, 1 / fps)
        head = next(pictures, None)
        if head is None:
            msg = f"{path}: the video track holds no frame; fetch the file again"
            raise MediaError(msg)
        convert, matrix = (_to_gray if gray else _to_rgb), display_matrix(head.frame)
        ratio = pixel_ratio(stream)
        last_frame: av.VideoFrame | None = None
        picture = np.zeros(0, np.uint8)
        shown = at_constant_rate(chain([head], pictures), fps, first, stop)
        for number, frame in enumerate(shown, first):
            if frame is not last_frame:
                if frame.is_corrupt:
                    msg = f"{path}: the frame at {number / fps:.2f} s is damaged; fetch it again"
                    raise MediaError(msg)
                stored = with_square_pixels(convert(frame), ratio)
                shaped = upright(stored, matrix)
                picture = shaped if last_frame is None else with_shape_of(shaped, picture)
                last_frame = frame
            yield picture
        if last_frame is None:
            msg = f"{path}: no picture {span_words(start, end)}"
            raise MediaError(msg)


def read_video(
    path: str | Path,
    fps: float = FRAME_HZ,
    start: float = 0.0,
    end: float | None = None,
    gray: bool = False,
) -> np.ndarray:
    """Read a clip; arguments and errors as in `iter_frames`.

    Returns:
        frames: (V, H, W, 3) uint8 RGB, or (V, H, W) uint8 if `gray`; V >= 1.
    """
    return np.stack(list(iter_frames(path, fps, start, end, gray)))


def write_video(
    path: str | Path,
    frames: np.ndarray,
    fps: float = FRAME_HZ,
    audio: np.ndarray | None = None,
    audio_fs: int = SAMPLE_RATE,
) -> None:
    """Write an mp4 (H.264, AAC) that is complete or not there at all.

    Args:
        path: output file.
        frames: (V, H, W, 3) uint8 RGB or (V, H, W) uint8 grey; H and W even.
        fps: frames per second.
        audio: (S,) float in [-1, 1], or None for a file without sound.
        audio_fs: rate of `audio` in Hz.

    Raises:
        MediaError: a shape that H.264 cannot hold.
    """
    path = Path(path)
    if frames.ndim not in (3, 4) or not frames.size or frames.shape[1] % 2 or frames.shape[2] % 2:
        msg = f"{path}: cannot write frames of shape {frames.shape}; need (V, even H, even W[, 3])"
        raise MediaError(msg)
    with (
        atomic_path(path) as temporary,
        av.open(str(temporary), "w", format="mp4") as container,
    ):
        # One thread and no look-ahead, so that equal frames give equal bytes: with look-ahead
        # of `veryfast` x264 codes the same frames differently from run to run.
        codec = {"threads": "1", "crf": "20", "preset": "superfast"}
        rate = Fraction(fps).limit_denominator(1001)
        video = container.add_stream("h264", rate=rate, options=codec)
        video.height, video.width, video.pix_fmt = *frames.shape[1:3], "yuv420p"
        # With its defaults AAC takes longer over the sound than x264 over the pictures.
        fast = {"aac_coder": "fast", "b": "64k"}
        sound = None if audio is None else container.add_stream("aac", audio_fs, fast)
        _write_pictures(container, video, frames)
        if sound is not None and audio is not None:
            _write_sound(container, sound, audio, audio_fs)


def _write_pictures(container: OutputContainer, stream: av.VideoStream, frames: np.ndarray) -> None:
    layout = "rgb24" if frames.ndim == 4 else "gray"
    for picture in frames:
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=layout)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _write_sound(
    container: OutputContainer, stream: av.AudioStream, audio: np.ndarray, fs: int
) -> None:
    wave = np.ascontiguousarray(audio, dtype=np.float32)[np.newaxis]
    frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
    frame.sample_rate, frame.pts = fs, 0
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def _to_rgb(frame: av.VideoFrame) -> np.ndarray:
    return frame.to_ndarray(format="rgb24")


def _to_gray(frame: av.VideoFrame) -> np.ndarray:
    name = frame.format.name
    if name not in _LUMA_FORMATS:
        return cv2.cvtColor(_to_rgb(frame), cv2.COLOR_RGB2GRAY)
    plane = frame.planes[0]
    luma = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    luma = luma[: frame.height, : frame.width]
    full_range = name == "gray" or name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
    return luma.copy() if full_range else cv2.LUT(luma, _EXPAND)
