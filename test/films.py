"""Films whose pictures are numbered and whose sound tells the time, with any time stamps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from media_samples import numbered_frames

_SAMPLES = {"s1": (32767, np.int16), "s3": (2**31 - 256, np.int32), "fl": (1, np.float32)}
"""Scale and type of samples, by the beginning of FFmpeg's name."""
Stamp = Callable[[float], float | None]
"""Seconds at which a packet should be shown -> what its stamp says; None leaves the packet out."""


def noise(seconds: float, fs: int = 16000) -> np.ndarray:
    """(S,) float32 of the band of speech; the same instant sounds alike at every rate."""
    num = round(seconds * 16000)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(num))
    hz = np.fft.rfftfreq(num, 1 / 16000)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    size = round(seconds * fs)
    wave = np.fft.irfft(spectrum[: size // 2 + 1], size)
    return (0.2 * wave / wave.std()).clip(-0.99, 0.99).astype(np.float32)


def lag_ms(
    wave: np.ndarray, at: float, reference: np.ndarray, reach: float = 1.0, size: float = 0.3
) -> float:
    """How much later (+) or earlier (-) than at second `at` the sound of that second is heard."""
    piece = reference[round(at * 16000) : round((at + size) * 16000)]
    first = max(0, round((at - reach) * 16000))
    part = wave[first : round((at + size + reach) * 16000)]
    num = len(part) + len(piece)
    product = np.fft.irfft(np.fft.rfft(part, num) * np.fft.rfft(piece, num).conj(), num)
    place = int(product[: len(part) - len(piece) + 1].argmax())
    return ((first + place) / 16000 - at) * 1000


def write_film(
    path: Path,
    *,
    seconds: float = 4.0,
    rate: int | Fraction = 25,
    codecs: tuple[str | None, str | None] = ("mpeg4", "pcm_s16le"),
    fs: int = 16000,
    picture_stamp: Stamp = lambda time: time,
    sound_stamp: Stamp = lambda time: time,
    stored_in_order: bool = False,
    options: dict[str, str] | None = None,
    b_frames: int = 0,
    grain: int = 0,
) -> np.ndarray:
    """Write a film, packet by packet in the order of decoding; returns its sound at 16 kHz.

    Args:
        path: its name tells the container.
        seconds: length of picture and sound.
        rate: pictures a second.
        codecs: of picture and sound; None leaves the track out.
        fs: rate of the sound.
        picture_stamp: what becomes of the pictures' time stamps.
        sound_stamp: and of the sound's.
        stored_in_order: pictures get the time of decoding as their time stamp.
        options: of the muxer.
        b_frames: pictures in a row that are coded from both sides.
        grain: grey levels of noise, which makes packets as large as those of a camera.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        packets = []
        if codecs[0] is not None:
            video = container.add_stream(codecs[0], rate=rate)
            video.width, video.height, video.pix_fmt = 128, 64, "yuv420p"
            if grain:
                video.bit_rate = 4_000_000
            video.codec_context.max_b_frames = b_frames
            video.codec_context.gop_size = 12 if b_frames else 1
        if codecs[1] is not None:
            sound = container.add_stream(codecs[1], rate=fs, layout="mono")
        if codecs[0] is not None:
            packets += _coded(video, _pictures(round(seconds * rate), grain), picture_stamp)
            if stored_in_order:
                for _, packet in packets:
                    packet.pts = packet.dts
        if codecs[1] is not None:
            packets += _coded(sound, _sounds(sound, noise(seconds, fs), fs), sound_stamp)
        for _, packet in sorted(packets, key=lambda item: item[0]):
            container.mux(packet)
    return noise(seconds)


def _pictures(count: int, grain: int) -> list[av.VideoFrame]:
    pictures = numbered_frames(count)
    if grain:
        noise = np.random.default_rng(1).integers(0, grain, pictures.shape, np.uint8)
        pictures = np.where(pictures > 0, pictures - noise, noise)
    return [av.VideoFrame.from_ndarray(picture, format="gray") for picture in pictures]


def _sounds(stream: av.AudioStream, wave: np.ndarray, fs: int) -> list[av.AudioFrame]:
    frames = []
    for first in range(0, len(wave), 320):
        name = stream.codec_context.format.name
        scale, kind = _SAMPLES[name[:2]]
        part = (wave[first : first + 320].astype(np.float64) * scale).astype(kind)
        frame = av.AudioFrame.from_ndarray(part[None], format=name, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = fs, first, Fraction(1, fs)
        frames.append(frame)
    return frames


def _coded(stream: av.AudioStream | av.VideoStream, frames: list, stamp: Stamp) -> list[av.Packet]:
    """Packets, each with the time at which it is decoded, by which they are stored."""
    packets = []
    for frame in [*frames, None]:
        for packet in stream.encode(frame):
            time = stamp(float(packet.pts * packet.time_base))
            if time is None:
                continue
            place = packet.dts * packet.time_base
            moved = round(time / packet.time_base) - packet.pts
            packet.pts, packet.dts = packet.pts + moved, packet.dts + moved
            packets.append((place, packet))
    return packets
