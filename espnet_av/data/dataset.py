"""Utterances of a dump as samples: read, augmented, labelled."""

from __future__ import annotations

import logging
from collections.abc import Collection
from pathlib import Path

import numpy as np
from torch.utils.data import Dataset

from espnet_av.data.batch import Sample
from espnet_av.data.column import Ids
from espnet_av.data.data_dir import DataDir, read_data_dir
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.data.dropped import Drop, check_dropped, write_dropped
from espnet_av.data.fields import FIELDS, check_field
from espnet_av.data.lengths import num_frames
from espnet_av.data.missing_video import MissingVideo, check_sound_is_left
from espnet_av.data.noise_bank import NoiseBank
from espnet_av.data.noise_condition import NoiseCondition
from espnet_av.data.readers import ALWAYS, READERS
from espnet_av.data.readers.abs_reader import Draw, ReadRequest
from espnet_av.data.readers.video_augment import num_frames_at
from espnet_av.data.selection import select
from espnet_av.data.stretch import choose_stretch
from espnet_av.data.target import check_only_langs, select_langs
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.data.unit_set import UnitSet
from espnet_av.errors import DataDirError
from espnet_av.rates import FRAME_HZ

logger = logging.getLogger(__name__)


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
        reads: further fields of `READERS` to yield; training leaves out utterances without them.

    Raises:
        DataDirError: the dump is broken, or lacks the text or alignments asked for.
        ConfigError: noise is asked for without a noise folder, options exclude each other, or
            there is no such field.
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
        reads: Collection[str] = (),
    ) -> None:
        data = select_langs(read_data_dir(dump_dir), config.langs)
        check_only_langs(data, config.only_langs)
        if train and config.num_utts:
            data = data.subset(select(data, "spread", config.num_utts))
        self._request = ReadRequest(
            data=data,
            config=config,
            modalities=modalities or config.modalities,
            train=train,
            partial=train or partial,
            seed=seed,
            frame_hz=frame_hz,
            max_frames=config.max_frames if cut_long else 0,
            tokenizer=tokenizer,
            units=units,
            noise=noise,
            condition=condition,
            missing_video=missing_video,
        )
        self.config, self.train, self._data = config, train, data
        for name in reads:
            check_field(name)
        spared = {name for read in reads for name in FIELDS[read].stands_for}
        self._readers = [
            reader(self._request)
            for name, reader in READERS.items()
            if (name in ALWAYS or name in reads) and name not in spared
        ]
        self.total = len(data.utt_ids)
        self.dropped = self._find_drops()
        left_out = {drop.utt_id for drop in self.dropped}
        self.utt_ids = data.utt_ids
        if left_out:  # in little memory, as they are in the data dir
            self.utt_ids = Ids([utt_id for utt_id in data.utt_ids if utt_id not in left_out])
        if missing_video is not None:
            heard = {} if self._request.modalities == "V" else data.tables.get("wav.scp", {})
            check_sound_is_left(missing_video, heard, self.utt_ids)

    def _find_drops(self) -> list[Drop]:
        """What has to be left out, sorted."""
        for reader in self._readers:
            reader.check()
        drops: list[Drop] = []
        for reader in self._readers:
            drops += reader.lacking({drop.utt_id for drop in drops})
        if drops and not self.train:
            logger.warning(
                "%s: %d of %d utterances left out, e.g. %s (%s)",
                *(self._data.path, len(drops), self.total, *min(drops)[:2]),
            )
        return sorted(drops)

    @property
    def data(self) -> DataDir:
        """All tables of the set, as far as its languages are asked for."""
        return self._data

    @property
    def num_frames(self) -> list[int]:
        """Frames at 25 Hz of every utterance, at the slowest speed it can be given."""
        slowest = min(self.config.speeds) if self.train else 1.0
        lengths = [num_frames_at(n, slowest) for n in self.recorded_frames]
        return [min(length, self._request.max_frames or length) for length in lengths]

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
        generator = np.random.default_rng([self._request.seed, epoch, index])
        speed = float(generator.choice(self.config.speeds)) if self.train else 1.0
        length = num_frames_at(num_frames(self._data, utt_id), speed)
        draw = Draw(
            epoch=epoch,
            step=step,
            speed=speed,
            length=length,
            stretch=choose_stretch(
                length, self._request.max_frames, generator if self.train else None
            ),
            generator=generator,
        )
        fields = {reader.field: reader.read(utt_id, draw) for reader in self._readers}
        return Sample(utt_id=utt_id, **fields)
