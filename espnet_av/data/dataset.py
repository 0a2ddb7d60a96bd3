"""Utterances of a dump as samples: read, augmented, labelled."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from espnet_av.data.ark import read_audio_ark, read_clip
from espnet_av.data.batch import Sample
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.data.dropped import check_dropped, write_dropped
from espnet_av.data.lengths import num_frames
from espnet_av.data.missing_video import MissingVideo, check_sound_is_left, take_away
from espnet_av.data.noise_bank import NoiseBank, mix
from espnet_av.data.readers import audio_augment, video_augment
from espnet_av.data.readers.frame_labels import frame_labels, label_part_ids
from espnet_av.data.readers.unit_labels import unit_labels
from espnet_av.data.selection import select
from espnet_av.data.stretch import Stretch, choose_stretch
from espnet_av.data.target import select_langs, target_table, target_texts, text_lang
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.units import UnitSet
from espnet_av.data.usable import find_drops
from espnet_av.errors import ArkError, ConfigError, DataDirError
from espnet_av.rates import FRAME_HZ, SAMPLE_RATE, SAMPLES_PER_FRAME, frames_at_rate

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class NoiseCondition:
    """Noise of a test condition: its category in the noise folder, and how loud it is."""

    category: str
    snr_db: float


class AVDataset(Dataset[Sample]):
    """The utterances of one dump; sample `i` of epoch `e` depends on (seed, e, i) alone.

    Args:
        dump_dir: output of the dump stage.
        tokenizer: encodes the target text and names the frame labels; None: no text.
        config: modalities, labels, augmentation.
        noise: noises for `config.noise_prob` (training) or for `condition` (test).
        train: augment, and leave out what cannot be trained on (see `dropped`). Otherwise every
            utterance is kept, unchanged but for the central crop, `condition` and `missing_video`;
            with a tokenizer those without target text are left out all the same.
        seed: seed of augmentation, or of the choice of test noises and missing frames.
        modalities: replaces `config.modalities`.
        condition: noise added to every test utterance, always the same to the same utterance.
        units: labels to yield as `units`; utterances without any are left out.
        frame_hz: rate of `units`, that of the model's frames.
        cut_long: cut utterances longer than `config.max_frames`.
        partial: leave out of a test set what lacks the modality, instead of refusing the set.
        missing_video: what of the video a test takes away, always the same of the same utterance.

    Raises:
        DataDirError: the dump is broken, or lacks the text or alignments asked for.
        ConfigError: noise is asked for without a noise folder, or options exclude each other.
    """

    def __init__(
        self,
        dump_dir: str | Path,
        tokenizer: Tokenizer | None,
        config: DatasetConfig,
        noise: NoiseBank | None = None,
        train: bool = False,
        seed: int = 0,
        modalities: Modalities | None = None,
        condition: NoiseCondition | None = None,
        units: UnitSet | None = None,
        frame_hz: float = FRAME_HZ,
        cut_long: bool = False,
        partial: bool = False,
        missing_video: MissingVideo | None = None,
    ) -> None:
        self.config, self.tokenizer, self.train = config, tokenizer, train
        self._data = select_langs(read_data_dir(dump_dir), config.langs)
        if train and config.num_utts:
            self._data = self._data.subset(select(self._data, "spread", config.num_utts))
        self._unit_source, self._frame_hz = units, frame_hz
        self._max_frames = config.max_frames if cut_long else 0
        self._modalities = modalities or config.modalities
        self._noise, self._condition, self._seed = noise, condition, seed
        self._missing_video = missing_video
        self._label_ids = {
            label: i for i, label in enumerate((tokenizer and tokenizer.units) or ())
        }
        self._check_request()
        self.total = len(self._data.utt_ids)
        self.dropped = find_drops(
            self._data,
            config,
            modalities=self._modalities,
            train=train,
            partial=train or partial,
            tokenizer=tokenizer,
            units=units,
            frame_hz=frame_hz,
        )
        if self.dropped and not train:
            logger.warning(
                "%s: %d of %d utterances left out, e.g. %s (%s)",
                *(dump_dir, len(self.dropped), self.total, *self.dropped[0][:2]),
            )
        left_out = {drop.utt_id for drop in self.dropped}
        self.utt_ids = [utt_id for utt_id in self._data.utt_ids if utt_id not in left_out]
        if missing_video is not None:
            heard = {} if self._modalities == "V" else self._data.tables.get("wav.scp", {})
            check_sound_is_left(missing_video, heard, self.utt_ids)

    @property
    def num_frames(self) -> list[int]:
        """Frames at 25 Hz of every utterance, at the slowest speed it can be given."""
        slowest = min(self.config.speeds) if self.train else 1.0
        lengths = [video_augment.num_frames_at(n, slowest) for n in self.recorded_frames]
        return [min(length, self._max_frames or length) for length in lengths]

    @property
    def recorded_frames(self) -> list[int]:
        """Frames at 25 Hz of every utterance, as it is in the dump."""
        return [num_frames(self._data, utt_id) for utt_id in self.utt_ids]

    def groups(self, by: str) -> list[str]:
        """Group of every utterance: its value in `utt2<by>`.

        Raises:
            DataDirError: there is no such table.
        """
        table = f"utt2{by}"
        if table not in self._data.tables:
            msg = f"{self._data.path}/{table}: no such file, but sampling by {by} needs it"
            raise DataDirError(msg)
        return [self._data.tables[table][utt_id] for utt_id in self.utt_ids]

    def report_dropped(self, path: str | Path) -> None:
        """Write `dropped.tsv` and log it.

        Raises:
            DroppedTooManyError: more is left out than `config.max_dropped_ratio` allows.
        """
        write_dropped(Path(path), self.dropped)
        check_dropped(Path(path), self.dropped, self.total, self.config.max_dropped_ratio)

    def __len__(self) -> int:
        return len(self.utt_ids)

    def __getitem__(self, index: int) -> Sample:
        return self.sample(index, epoch=0, step=0)

    def sample(self, index: int, epoch: int, step: int) -> Sample:
        """Utterance `index` as `epoch` augments it, with noise if `step` is late enough for it.

        Epoch and step come with each request and are no state of the dataset: loader workers
        prefetch across the end of an epoch. Numbers beyond the last utterance begin again with the
        first one, augmented in another way: sampling takes some more than once an epoch.
        """
        utt_id = self.utt_ids[index % len(self.utt_ids)]
        generator = np.random.default_rng([self._seed, epoch, index])
        speed = float(generator.choice(self.config.speeds)) if self.train else 1.0
        length = video_augment.num_frames_at(num_frames(self._data, utt_id), speed)
        random = generator if self.train else None
        stretch = choose_stretch(length, self._max_frames, random)
        return Sample(
            utt_id=utt_id,
            speech=self._speech(utt_id, speed, length, stretch, generator, step),
            video=self._video(utt_id, speed, stretch, generator),
            text=self._text(utt_id),
            units=self._units(utt_id, speed, length, stretch),
            lang=self._data.get("utt2lang", utt_id),
        )

    def _speech(
        self,
        utt_id: str,
        speed: float,
        length: int,
        stretch: Stretch,
        generator: np.random.Generator,
        step: int,
    ) -> np.ndarray | None:
        pointer = self._data.locate("wav.scp", utt_id)
        if pointer is None or self._modalities == "V":
            return None
        speech, rate = read_audio_ark(pointer, utt_id)
        if rate != SAMPLE_RATE:
            msg = f"{pointer}: {utt_id}: sound of {rate} Hz, dumps have {SAMPLE_RATE} Hz; the "
            raise ArkError(
                msg + "archive is damaged or from elsewhere, run the dump stage (3) on it"
            )
        speech = audio_augment.change_speed(speech, speed)
        if self._data.get("utt2num_frames", utt_id) is not None:
            speech = audio_augment.fit_length(speech, length * SAMPLES_PER_FRAME)
        speech = stretch.of(speech, SAMPLES_PER_FRAME)
        if self._condition is not None:
            assert self._noise is not None
            noise = self._noise.for_utterance(utt_id, self._condition.category, self._seed)
            return mix(speech, noise, self._condition.snr_db)
        if self._is_noisy(generator, step):
            assert self._noise is not None
            return audio_augment.add_noise(
                speech,
                generator,
                self._noise,
                self.config.noise_snr_db,
                self.config.noise_categories,
            )
        return speech

    def _is_noisy(self, generator: np.random.Generator, step: int) -> bool:
        if not self.train or step < self.config.noise_start_step:
            return False
        return bool(generator.random() < self.config.noise_prob)

    def _video(
        self, utt_id: str, speed: float, stretch: Stretch, generator: np.random.Generator
    ) -> np.ndarray | None:
        pointer = self._data.locate("video.scp", utt_id)
        if pointer is None or self._modalities == "A":
            return None
        frames = stretch.of(video_augment.change_speed(read_clip(pointer, utt_id), speed))
        if self.train:
            return video_augment.augment(frames, self.config, generator)
        frames = np.ascontiguousarray(video_augment.centre_crop(frames, self.config.video_crop))
        if self._missing_video is None:
            return frames
        return take_away(frames, self._missing_video, utt_id, self._seed)

    def _text(self, utt_id: str) -> np.ndarray | None:
        text = self._data.get(target_table(self.config.target_lang), utt_id)
        if text is None or self.tokenizer is None:
            return None
        lang = text_lang(self._data, utt_id, self.config.target_lang)
        return np.asarray(self.tokenizer.encode(text, lang), dtype=np.int64)

    def _units(self, utt_id: str, speed: float, length: int, stretch: Stretch) -> np.ndarray | None:
        per_frame = int(self._frame_hz) // FRAME_HZ
        if self._unit_source is not None:
            frames = num_frames(self._data, utt_id)
            units = unit_labels(self._unit_source, utt_id, frames, self._frame_hz, speed)
            return stretch.of(units, per_frame)
        if not self.config.frame_labels:
            return None
        segments = self._data.ctm.get(utt_id, [])
        if not self.train:
            # What training never had cannot be predicted, and is no reason to stop a test.
            segments = [s for s in segments if label_part_ids(s.label, self._label_ids)]
        count = frames_at_rate(length, self._frame_hz)
        labels = frame_labels(segments, self._label_ids, count, utt_id, speed, self._frame_hz)
        return stretch.of(labels, per_frame)

    def _check_request(self) -> None:
        path, config = self._data.path, self.config
        if self._noise is None and (self._condition or (self.train and config.noise_prob > 0)):
            what = f"condition {self._condition}" if self._condition else "dataset.noise_prob > 0"
            msg = f"{what} needs noises: pass --noise_dir (stage 3 makes dump/noise)"
            raise ConfigError(msg)
        if self.tokenizer is not None and (self.train or config.target_lang):
            target_texts(self._data, config.target_lang)
        if config.frame_labels and self._unit_source is not None:
            msg = "frame_labels and --units_dir both give labels; set dataset.frame_labels: false"
            raise ConfigError(msg)
        if config.frame_labels and not (self._label_ids and (self._data.ctm or not self.train)):
            msg = (
                f"{path}: dataset.frame_labels needs a ctm in the dump and units.txt beside "
                "tokens.txt; give the corpus a ctm or set frame_labels: false"
            )
            raise DataDirError(msg)
        if self._max_frames and self.tokenizer is not None:
            msg = "dataset.max_frames cuts utterances, whose text would not fit; set it to 0"
            raise ConfigError(msg)
