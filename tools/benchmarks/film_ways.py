"""Ways to get frames of a film: from mp4 files by several libraries, from archives in two forms."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from espnet_av.data.film import STORED_SIDE, film_of, read_film, resized

Frames = list[np.ndarray]
"""(H, W, 3) uint8 RGB each."""
GROUP = 8
"""Frames from one key frame of a short group to the next."""


def by_pyav(path: str, numbers: Sequence[int]) -> Frames:
    """Decodes all up to the last; only those wanted become RGB."""
    wanted, found = set(numbers), {}
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            if number in wanted:
                found[number] = frame.to_ndarray(format="rgb24")
                if len(found) == len(wanted):
                    break
    return [found[number] for number in numbers]


def by_cv2(path: str, numbers: Sequence[int]) -> Frames:
    """The same: `grab` decodes, `retrieve` converts."""
    wanted, found = set(numbers), {}
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    for number in range(max(wanted) + 1):
        assert capture.grab(), f"{path}: frame {number}"
        if number in wanted:
            found[number] = cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB)
    capture.release()
    return [found[number] for number in numbers]


def by_torchcodec(path: str, numbers: Sequence[int]) -> Frames:
    """Without the scan of the whole file that exact seeking takes."""
    from torchcodec.decoders import VideoDecoder

    decoder = VideoDecoder(
        path, num_ffmpeg_threads=1, seek_mode="approximate", dimension_order="NHWC"
    )
    return list(decoder.get_frames_at(list(numbers)).data.numpy())


def from_jpegs(pointer: str, numbers: Sequence[int]) -> Frames:
    """From an archive with a JPEG a frame."""
    return read_film(pointer).frames(numbers)


def from_groups(data: bytes, numbers: Sequence[int]) -> Frames:
    """From a film of short groups: each group that has a wanted frame, up to that frame."""
    found: dict[int, np.ndarray] = {}
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        ticks = 1 / (stream.average_rate * stream.time_base)
        for number in sorted(set(numbers)):
            if number in found:
                continue
            container.seek(round(number * ticks), stream=stream)
            for frame in container.decode(stream):
                place = round(frame.pts / ticks)
                if place in numbers and place not in found:
                    found[place] = frame.to_ndarray(format="rgb24")
                if place >= number:
                    break
    return [found[number] for number in numbers]


def make_groups(pictures: Sequence[np.ndarray], rate_hz: float, crf: int) -> bytes:
    """H.264 with a key frame every `GROUP` frames and none that looks ahead, sides even."""
    out = io.BytesIO()
    options = {"crf": str(crf), "g": str(GROUP), "bf": "0", "preset": "veryfast", "threads": "1"}
    options |= {"sc_threshold": "0"}
    small = [_stored(picture) for picture in pictures]
    height, width = (side - side % 2 for side in small[0].shape[:2])
    with av.open(out, "w", format="mp4") as container:
        rate = Fraction(rate_hz).limit_denominator(1001)
        stream = container.add_stream("h264", rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, "yuv420p"
        for picture in small:
            cut = np.ascontiguousarray(picture[:height, :width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(cut, format="rgb24")))
        container.mux(stream.encode(None))
    return out.getvalue()


def make_jpegs(pictures: Sequence[np.ndarray], rate_hz: float) -> bytes:
    """What an archive has of a film."""
    return film_of(pictures, rate_hz).payload()


def read_whole(path: Path) -> tuple[Frames, float]:
    """All frames, and how many a second."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 25)
        return [f.to_ndarray(format="rgb24") for f in container.decode(video=0)], rate


def _stored(picture: np.ndarray) -> np.ndarray:
    scale = min(1.0, STORED_SIDE / min(picture.shape[:2]))
    height, width = (round(side * scale) for side in picture.shape[:2])
    return resized(picture, width, height)


FROM_FILES: dict[str, Callable[[str, Sequence[int]], Frames]] = {
    "mp4, PyAV": by_pyav,
    "mp4, cv2": by_cv2,
    "mp4, torchcodec": by_torchcodec,
}
