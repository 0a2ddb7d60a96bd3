"""Files of any tracks, in any order, each beginning where it likes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition
from media_samples import numbered_frames, tone

Track = Callable[[Any], list[av.Packet]]
"""Adds itself to a container and returns its packets."""


def write(path: Path, *tracks: Track, options: dict[str, str] | None = None) -> Path:
    """Write a file of these tracks; its name tells the container."""
    with av.open(str(path), "w", options=options or {}) as box:
        packets = [packet for track in tracks for packet in track(box)]
        box.start_encoding()
        for packet in sorted(packets, key=lambda packet: packet.dts * packet.time_base):
            box.mux(packet)
    return path


def sound(
    hz: float = 440.0,
    disposition: Disposition | None = None,
    codec: str = "aac",
    seconds: float = 1.0,
    fs: int = 48000,
) -> Track:
    """A tone, mono."""

    def add(box: Any) -> list[av.Packet]:
        stream = box.add_stream(codec, rate=fs, layout="mono")
        if disposition is not None:
            stream.disposition = disposition
        wave = tone(seconds, fs, hz)
        frame = av.AudioFrame.from_ndarray(wave[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = fs, 0
        to_codec = av.AudioResampler(format=stream.codec_context.format, rate=fs)
        return [p for f in to_codec.resample(frame) for p in stream.encode(f)] + stream.encode(None)

    return add


def picture(
    num_frames: int,
    disposition: Disposition | None = None,
    codec: str = "mpeg4",
    first: int = 0,
    late_sec: float = 0.0,
    frames: np.ndarray | None = None,
    options: dict[str, str] | None = None,
) -> Track:
    """Numbered frames from number `first` on at 25 frames/s, or other ones, from `late_sec` on."""
    shown = numbered_frames(first + num_frames)[first:] if frames is None else frames

    def add(box: Any) -> list[av.Packet]:
        stream = box.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = shown.shape[1:3]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if disposition is not None:
            stream.disposition = disposition
        packets = []
        for number, image in enumerate(shown):
            frame = av.VideoFrame.from_ndarray(image, format="gray").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = number + round(late_sec * 25), Fraction(1, 25)
            packets += stream.encode(frame)
        return packets + stream.encode(None)

    return add
