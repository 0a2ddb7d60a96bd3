"""Reads sound: at another speed, as long as its video, and with noise."""

from __future__ import annotations

import numpy as np

from espnet_av.data.ark import read_audio_ark
from espnet_av.data.noise_bank import mix
from espnet_av.data.readers import audio_augment
from espnet_av.data.readers.abs_reader import Draw
from espnet_av.data.readers.modality import ModalityReader
from espnet_av.errors import ArkError, ConfigError
from espnet_av.rates import SAMPLE_RATE, SAMPLES_PER_FRAME


class SpeechReader(ModalityReader):
    """(S,) float32 at 16 kHz, unless lips alone are asked for."""

    field = "speech"
    table = "wav.scp"
    alone = "A"

    def check(self) -> None:
        """See `AbsReader`."""
        condition, share = self.request.condition, self.config.noise_prob
        if self.request.noise is None and (condition or (self.request.train and share > 0)):
            what = f"condition {condition}" if condition else "dataset.noise_prob > 0"
            msg = f"{what} needs noises: pass --noise_dir (stage 3 makes dump/noise)"
            raise ConfigError(msg)

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        pointer = self.data.locate(self.table, utt_id)
        if pointer is None or self.request.modalities == "V":
            return None
        speech, rate = read_audio_ark(pointer, utt_id)
        if rate != SAMPLE_RATE:
            msg = f"{pointer}: {utt_id}: sound of {rate} Hz, dumps have {SAMPLE_RATE} Hz; the "
            raise ArkError(
                msg + "archive is damaged or from elsewhere, run the dump stage (3) on it"
            )
        speech = audio_augment.change_speed(speech, draw.speed)
        if self.data.get("utt2num_frames", utt_id) is not None:
            speech = audio_augment.fit_length(speech, draw.length * SAMPLES_PER_FRAME)
        return self._with_noise(self.cut(speech, draw), utt_id, draw)

    def _with_noise(self, speech: np.ndarray, utt_id: str, draw: Draw) -> np.ndarray:
        noise, condition = self.request.noise, self.request.condition
        if noise is not None and condition is not None:
            recording = noise.for_utterance(utt_id, condition.category, self.request.seed)
            return mix(speech, recording, condition.snr_db)
        if not self.request.train or draw.step < self.config.noise_start_step:
            return speech
        # Drawn without noises too: what is drawn next is the same at every noise_prob.
        if draw.generator.random() >= self.config.noise_prob or noise is None:
            return speech
        return audio_augment.add_noise(
            speech,
            draw.generator,
            noise,
            self.config.noise_snr_db,
            self.config.noise_categories,
        )
