"""Synthesis of one utterance of `mini_av`: sound, phone times, pictures."""

from __future__ import annotations

import numpy as np

from espnet_av.corpora.mini_av.config import MiniAvConfig
from espnet_av.corpora.mini_av.script import Line
from espnet_av.corpora.mini_av.speaker import SPEAKERS
from espnet_av.corpora.spoken import SpokenLine, record
from espnet_av.rates import FRAME_HZ
from espnet_av.synthesis.espeak import Voice, synthesise
from espnet_av.synthesis.mouth_motion import mouth_motion
from espnet_av.synthesis.talking_face import render
from espnet_av.synthesis.visemes import base_phone


def speak(line: Line, config: MiniAvConfig) -> SpokenLine:
    """Synthesise the sound of a line; a few milliseconds of work."""
    rng = _generator(line, config, 0)
    speaker = SPEAKERS[line.speaker]
    voice = Voice(
        language=config.words.lexicons[line.language].voice,
        variant=speaker.variant,
        rate=speaker.rate + int(rng.integers(-12, 13)),
        pitch=speaker.pitch + int(rng.integers(-4, 5)),
        pitch_range=speaker.pitch_range,
    )
    markup = config.words.spoken_markup(line.meaning, line.language)
    speech = synthesise(markup, voice, seed=int(rng.integers(1, 2**31)), ssml=True)
    return record(speech, rng, base_phone)


def draw(line: Line, config: MiniAvConfig, utterance: SpokenLine) -> np.ndarray:
    """Draw the pictures of a line, (V, 224, 224, 3) uint8 RGB."""
    rng = _generator(line, config, 1)
    shapes = mouth_motion(utterance.phones, utterance.num_frames, config.hardness, rng, FRAME_HZ)
    return render(shapes, SPEAKERS[line.speaker].look, rng, config.hardness.blur)


def _generator(line: Line, config: MiniAvConfig, purpose: int) -> np.random.Generator:
    language = tuple(config.words.lexicons).index(line.language)
    return np.random.default_rng([config.seed, language, line.number, purpose])
