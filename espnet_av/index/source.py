"""The model whose vectors are in an index, and the utterances that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.batch import Batch
from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import Modalities
from espnet_av.data.evaluation_batches import evaluation_batches
from espnet_av.data.fields import FIELDS, Clock, tables_of
from espnet_av.data.shard_fingerprint import archive_fingerprint
from espnet_av.errors import CheckpointError, ConfigError
from espnet_av.fingerprint import file_fingerprint
from espnet_av.index.config import IndexConfig
from espnet_av.predict.vectors import vectors_of
from espnet_av.train.loading import default_checkpoint, load_experiment, read_train_config
from espnet_av.train.teacher_note import read_teacher_note

VIEW = "speech"
"""View of what was said."""


@dataclass(frozen=True)
class SpeechModel:
    """A trained experiment; its weights are read when they are first needed."""

    exp_dir: Path
    name: str | None = None
    """File of its weights; None: the averaged model."""
    device: str = "cpu"

    @cached_property
    def checkpoint(self) -> Path:
        """Its weights.

        Raises:
            CheckpointError: nothing was trained there, or there is no such file.
        """
        config = read_train_config(self.exp_dir)
        path = self.exp_dir / (self.name or default_checkpoint(config))
        if not path.is_file():
            msg = f"{path}: no such checkpoint; train first, or name one with --checkpoint"
            raise CheckpointError(msg)
        return path

    @cached_property
    def sha256(self) -> str:
        """Of its weights."""
        return file_fingerprint(self.checkpoint)

    @cached_property
    def teacher(self) -> str | None:
        """Id of the text encoder that it learned from; None: nobody noted it, or there is none."""
        return read_teacher_note(self.exp_dir)

    @cached_property
    def dataset(self) -> Any:
        """How its data are read in tests."""
        return read_train_config(self.exp_dir).dataset.for_tests()

    @cached_property
    def model(self) -> Any:
        """In eval mode, on its device.

        Raises:
            ConfigError: it makes no vectors of speech alone.
        """
        model, config, _ = load_experiment(self.exp_dir, self.checkpoint.name, self.device)
        told = model.predicts_from
        fields = model.reads if told is None else told
        needed = [f for f in sorted(fields) if not FIELDS[f].for_learning]
        others = [f for f in needed if FIELDS[f].clock is Clock.NONE]
        if "vector" not in model.predicts or others:
            what = f"reads {', '.join(others)} too" if others else "makes no vectors of utterances"
            msg = (
                f"{self.exp_dir}: model {config.model} {what}; an index needs vectors of speech "
                "alone, as those of a SAMU model (samu)"
            )
            raise ConfigError(msg)
        return model

    @property
    def modality(self) -> Modalities:
        """All that it has a front end for."""
        config = self.model.config
        if config.visual_frontend == "none":
            return "A"
        return "V" if config.audio_frontend == "none" else "AV"

    @torch.inference_mode()
    def vectors(self, batch: Batch) -> np.ndarray:
        """(B, D) float32 of a batch."""
        found: np.ndarray = vectors_of(self.model, batch.to(self.device))[VIEW].cpu().numpy()
        return found


class SetVectors:
    """Streams the vectors of the utterances of a dump.

    Args:
        dump_dir: output of the dump stage.
        source: makes them.
        config: what is read, and how much at a time.
        num_workers: loading processes besides this one.

    Raises:
        DataDirError: the dump is broken, or lacks the modality altogether.
    """

    def __init__(
        self, dump_dir: Path, source: SpeechModel, config: IndexConfig, num_workers: int = 0
    ) -> None:
        self.source, self._config, self._num_workers = source, config, num_workers
        self._dataset = AVDataset(
            dump_dir, None, source.dataset, modalities=config.modality, partial=True
        )
        self.data: DataDir = self._dataset.data
        self.dropped: Mapping[str, str] = {d.utt_id: d.reason for d in self._dataset.dropped}
        """Utterances that there is nothing of to hear or see, and why."""
        self._numbers = {utt_id: number for number, utt_id in enumerate(self._dataset.utt_ids)}
        self._num_frames = self._dataset.num_frames

    def made_from(self, utt_ids: Sequence[str]) -> tuple[str | None, ...]:
        """What the archives of utterances were made from: other media may give equal sizes."""
        tables = [table.name for table in tables_of("speech", "video") if table.is_file]
        pointers = (self.data.locate(table, utt_id) for table in tables for utt_id in utt_ids)
        archives = dict.fromkeys(p.rpartition(":")[0] for p in pointers if p is not None)
        return tuple(map(archive_fingerprint, archives))

    def stream(self, utt_ids: Sequence[str]) -> Iterator[tuple[str, np.ndarray]]:
        """Each utterance that has one with its (D,) float32 vector, longest utterances first.

        Which utterances share a batch depends on `utt_ids` alone.
        """
        numbers = [self._numbers[utt_id] for utt_id in utt_ids if utt_id in self._numbers]
        plan = plan_batches([self._num_frames[n] for n in numbers], self._config.batch_frames)
        batches = [[numbers[i] for i in batch] for batch in plan]
        for batch in evaluation_batches(self._dataset, batches, self._num_workers):
            yield from zip(batch.utt_id, self.source.vectors(batch), strict=True)
