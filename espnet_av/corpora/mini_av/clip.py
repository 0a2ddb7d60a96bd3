"""Synthesis of one utterance of `mini_av`: sound, phone times, pictures."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np

from espnet_av.corpora.mini_av.config import MiniAvConfig
from espnet_av.corpora.mini_av.grammar import LEXICONS, spoken_markup
from espnet_av.corpora.mini_av.script import Line
from espnet_av.corpora.mini_av.speaker import SPEAKERS
from espnet_av.data.table import Segment
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE, SAMPLES_PER_FRAME
from espnet_av.synthesis.espeak import Speech, Voice, synthesise
from espnet_av.synthesis.mouth_motion import mouth_motion
from espnet_av.synthesis.talking_face import render
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


def speak(line: Line, config: MiniAvConfig) -> SpokenLine:
    """Synthesise the sound of a line; a few milliseconds of work."""
    rng = _generator(line, config, 0)
    speaker = SPEAKERS[line.speaker]
    voice = Voice(
        language=LEXICONS[line.language].voice,
        variant=speaker.variant,
        rate=speaker.rate + int(rng.integers(-12, 13)),
        pitch=speaker.pitch + int(rng.integers(-4, 5)),
        pitch_range=speaker.pitch_range,
    )
    markup = spoken_markup(line.meaning, line.language)
    speech = synthesise(markup, voice, seed=int(rng.integers(1, 2**31)), ssml=True)
    lead, trail = rng.uniform(*_PAUSE_SEC, 2)
    phones = timed_phones(speech, lead)
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


def draw(line: Line, config: MiniAvConfig, utterance: SpokenLine) -> np.ndarray:
    """Draw the pictures of a line, (V, 224, 224, 3) uint8 RGB."""
    rng = _generator(line, config, 1)
    shapes = mouth_motion(utterance.phones, utterance.num_frames, config.hardness, rng, FRAME_HZ)
    return render(shapes, SPEAKERS[line.speaker].look, rng, config.hardness.blur)


def timed_phones(speech: Speech, lead_sec: float) -> list[Segment]:
    """Phones as the mouth makes them, from 0 to the end of the last one.

    Args:
        speech: with the engine's events.
        lead_sec: silence put before the speech.
    """
    starts = [lead_sec + sample / speech.sample_rate for sample, _ in speech.phonemes]
    labels = [base_phone(name) or SILENCE for _, name in speech.phonemes]
    for index in range(len(starts)):
        if labels[index][0] in _VOICELESS_STOPS:
            before = starts[index - 1] if index else 0.0
            starts[index] = max(starts[index] - _CLOSURE_SEC, (before + starts[index]) / 2)
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


def _generator(line: Line, config: MiniAvConfig, purpose: int) -> np.random.Generator:
    language = tuple(LEXICONS).index(line.language)
    return np.random.default_rng([config.seed, language, line.number, purpose])
