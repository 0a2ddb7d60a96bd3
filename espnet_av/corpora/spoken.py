"""An utterance of a synthesised corpus: speech between two silences, and when each phone is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import av
import numpy as np

from espnet_av.data.table import Segment
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE, SAMPLES_PER_FRAME
from espnet_av.synthesis.espeak import Speech
from espnet_av.synthesis.visemes import base_phone

SILENCE = "sil"
_PAUSE_SEC = (0.1, 0.25)
"""Shortest and longest silence before and after a sentence."""
_GAIN = (0.4, 0.9)
_NOISE_FLOOR = 3e-4
_CLOSURE_SEC = 0.05
"""The engine times a voiceless stop by its burst; the mouth shuts this much earlier."""
_VOICELESS_STOPS = frozenset("ptkqc")


@dataclass(frozen=True)
class SpokenLine:
    """What is heard, and when."""

    audio: np.ndarray
    """(640 * V,) float32 in [-1, 1] at 16 kHz."""
    phones: list[Segment]
    """From 0 to the end without gaps, silences as `sil`."""

    @property
    def num_frames(self) -> int:
        """V, at 25 fps."""
        return len(self.audio) // SAMPLES_PER_FRAME


def record(speech: Speech, rng: np.random.Generator, name: Callable[[str], str]) -> SpokenLine:
    """Put speech between two silences, at some loudness, over a faint noise.

    Args:
        speech: with the engine's events.
        rng: draws the silences, the noise, the loudness.
        name: the engine's name of a phone -> ours; "" is silence.
    """
    lead, trail = rng.uniform(*_PAUSE_SEC, 2)
    phones = timed_phones(speech, lead, name)
    wave = _resampled(speech)
    last_sec = phones[-1].start + phones[-1].duration
    num_frames = int(np.ceil((last_sec + trail) * FRAME_HZ))
    audio = rng.normal(0, _NOISE_FLOOR, num_frames * SAMPLES_PER_FRAME)
    first = round(lead * SAMPLE_RATE)
    wave = wave[: len(audio) - first]
    audio[first : first + len(wave)] += rng.uniform(*_GAIN) * wave
    end_sec = num_frames / FRAME_HZ
    phones.append(Segment(last_sec, end_sec - last_sec, SILENCE))
    return SpokenLine(np.clip(audio, -1, 1).astype(np.float32), _without_repeated_silence(phones))


def timed_phones(speech: Speech, lead_sec: float, name: Callable[[str], str]) -> list[Segment]:
    """Phones as the mouth makes them, from 0 to the end of the last one.

    Args:
        speech: with the engine's events.
        lead_sec: silence put before the speech.
        name: the engine's name of a phone -> ours; "" is silence.
    """
    starts = [lead_sec + sample / speech.sample_rate for sample, _ in speech.phonemes]
    names = [event for _, event in speech.phonemes]
    for index, event in enumerate(names):
        if base_phone(event)[:1] in _VOICELESS_STOPS:
            before = starts[index - 1] if index else 0.0
            starts[index] = max(starts[index] - _CLOSURE_SEC, (before + starts[index]) / 2)
    labels = [name(event) or SILENCE for event in names]
    # The last event marks the end.
    spans = zip([0.0, *starts[:-1]], starts, [SILENCE, *labels[:-1]], strict=True)
    return [Segment(start, end - start, label) for start, end, label in spans]


def _resampled(speech: Speech) -> np.ndarray:
    """Samples at 16 kHz, (S,) float32."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
    frame = av.AudioFrame.from_ndarray(speech.samples[np.newaxis], format="s16", layout="mono")
    frame.sample_rate = speech.sample_rate
    blocks = [*resampler.resample(frame), *resampler.resample(None)]
    return np.concatenate([block.to_ndarray()[0] for block in blocks])


def _without_repeated_silence(phones: list[Segment]) -> list[Segment]:
    merged: list[Segment] = []
    for phone in phones:
        if merged and phone.label == merged[-1].label == SILENCE:
            merged[-1] = _joined(merged[-1], phone)
        elif phone.duration > 0:
            merged.append(phone)
    return merged


def _joined(first: Segment, last: Segment) -> Segment:
    """A segment from the start of `first` to the end of `last`, labelled as `first`."""
    return first._replace(duration=last.start + last.duration - first.start)
