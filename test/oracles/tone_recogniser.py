"""A recogniser that needs no training: every word is a tone, and hears no more than it hears."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from espnet_av.data.tokenizer import Tokenizer

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_HZ = 300.0 * 1.25 ** np.arange(len(WORDS))
_QUIET = 1e-4


def say(words: list[str], starts: list[float], seconds: float, word_sec: float) -> np.ndarray:
    """(S,) float at 16 kHz: the tone of each word from its start on, with soft ends."""
    wave = np.zeros(round(16000 * seconds), np.float32)
    size = round(16000 * word_sec)
    shape = 0.3 * np.minimum(1, np.minimum(np.arange(size), np.arange(size)[::-1]) / 320)
    for word, start in zip(words, starts, strict=True):
        first = round(16000 * start)
        tone = np.sin(2 * np.pi * _HZ[WORDS.index(word)] * np.arange(size) / 16000)
        wave[first : first + size] += (shape * tone).astype(np.float32)
    return wave


class ToneModel:
    """Looks at 40 ms at a time, and writes the word of the loudest tone."""

    blank_id = 0
    feature_rate = 25.0
    decoder = predictor = None

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.eos = tokenizer.sos_eos_id
        self.config = SimpleNamespace(audio_frontend="tones", visual_frontend="none")
        self.ctc = SimpleNamespace(log_softmax=lambda out: out.log_softmax(-1))
        self._ids = [tokenizer.encode(word)[-1] for word in WORDS]
        self._size = tokenizer.vocab_size
        self.longest = 0
        """Frames of the longest utterance so far."""

    def encode(self, speech: Tensor, lengths: Tensor, *_: Any) -> SimpleNamespace:
        """(B, S) -> scores (B, T, V) of CTC."""
        frames = lengths // 640
        self.longest = max(self.longest, int(frames.max()))
        heard = speech[:, : int(frames.max()) * 640].reshape(len(speech), -1, 640)
        time = torch.arange(640) / 16000
        waves = torch.exp(-2j * torch.pi * torch.tensor(_HZ, dtype=torch.float32)[:, None] * time)
        power = (heard.to(waves.dtype) @ waves.T).abs().square() / 640**2
        out = torch.zeros(*power.shape[:2], self._size)
        out[..., self.blank_id] = _QUIET
        out[..., self._ids] = power
        return SimpleNamespace(out=(100 * out / out.amax(-1, keepdim=True)), lengths=frames)
