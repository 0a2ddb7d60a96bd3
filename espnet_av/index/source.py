"""The model whose vectors are in an index, and the utterances that they are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.batch import Batch
from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig, Modalities
from espnet_av.data.evaluation_batches import evaluation_batches
from espnet_av.data.fields import FIELDS, Clock, tables_of
from espnet_av.data.shard_fingerprint import archive_fingerprint
from espnet_av.errors import ConfigError
from espnet_av.index.config import IndexConfig
from espnet_av.pack import open_model
from espnet_av.predict.vectors import vectors_of
from espnet_av.roi.config import RoiConfig
from espnet_av.train.frozen_base import checksum
from espnet_av.train.loading import load_experiment
from espnet_av.train.teacher_note import read_teacher_note

VIEW = "speech"
"""View of what was said."""


@dataclass(frozen=True)
class SpeechModel:
    """A model whose vectors of speech alone can be had, on `device`."""

    path: Path
    """Its experiment, or packed model."""
    checkpoint: str
    """File of its weights in there."""
    sha256: str
    """Of its weights, packed or not."""
    teacher: str | None
    """Id of the text encoder that it learned from; None: nobody noted it, or there is none."""
    model: Any
    dataset: DatasetConfig
    """How its data are read in tests."""
    roi: RoiConfig | None
    """How mouths were cut; None: it does not say."""
    device: str

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


def load_speech_model(
    path: Path, checkpoint: str | None = None, device: str = "cpu"
) -> SpeechModel:
    """Load a packed model or a finished experiment.

    Args:
        path: a zip of `espnet-av pack`, or `exp/<tag>`.
        checkpoint: file of weights in an experiment; None: the averaged model.
        device: where the model goes.

    Raises:
        CheckpointError: there is no such model.
        ConfigError: it makes no vectors of speech alone.
    """
    with open_model(path) as files:
        name = checkpoint or files.checkpoint
        model, config, _ = load_experiment(files.folder, name, device)
        _check_makes_vectors(model, config.model, path)
        return SpeechModel(
            path=path,
            checkpoint=name,
            sha256=checksum(model.state_dict()),
            teacher=read_teacher_note(files.folder),
            model=model,
            dataset=config.dataset.for_tests(),
            roi=files.roi,
            device=device,
        )


def _check_makes_vectors(model: Any, name: str, path: Path) -> None:
    told = model.predicts_from
    fields = model.reads if told is None else told
    others = [
        field
        for field in sorted(fields)
        if not FIELDS[field].for_learning and FIELDS[field].clock is Clock.NONE
    ]
    if "vector" not in model.predicts or others:
        what = f"reads {', '.join(others)} too" if others else "makes no vectors of utterances"
        msg = (
            f"{path}: model {name} {what}; an index needs vectors of speech alone, as those of a "
            "SAMU model (samu)"
        )
        raise ConfigError(msg)


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
