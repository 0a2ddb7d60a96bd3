"""The features of one set, streamed from its dump."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.evaluation_batches import evaluation_batches
from espnet_av.data.fields import tables_of
from espnet_av.data.readers.speech import SpeechReader
from espnet_av.data.readers.video import VideoReader
from espnet_av.data.shard_fingerprint import archive_fingerprint
from espnet_av.errors import DataDirError
from espnet_av.features.source import FeatureSource

_NEEDED: dict[str, str] = {
    SpeechReader.alone: SpeechReader.table,
    VideoReader.alone: VideoReader.table,
}
"""What is read alone -> its table, which then has to have something."""


class SetFeatures:
    """Reads utterances of a dump as a model does in evaluation, and computes their features.

    Args:
        dump_dir: output of the dump stage.
        source: computes the features.
        batch_frames: frames at 25 Hz in a batch, padding included.
        num_workers: loading processes besides this one.

    Raises:
        DataDirError: the dump is broken, or lacks the modality altogether.
    """

    def __init__(
        self, dump_dir: Path, source: FeatureSource, batch_frames: int, num_workers: int = 0
    ) -> None:
        self.source, self.data = source, read_data_dir(dump_dir)
        self._batch_frames, self._num_workers = batch_frames, num_workers
        table = _NEEDED.get(source.modality)
        without = [u for u in self.data.utt_ids if table and self.data.get(table, u) is None]
        self.lacking = frozenset(without)
        """Utterances that have nothing the features could be computed from."""
        if len(without) == len(self.data.utt_ids):
            msg = f"{dump_dir}/{table}: holds no utterance; modality: {source.modality} needs it"
            raise DataDirError(msg)
        self._dataset = AVDataset(
            dump_dir,
            None,
            DatasetConfig(video_crop=source.video_crop),
            modalities=source.modality,
            partial=True,
        )
        self._numbers = {utt_id: number for number, utt_id in enumerate(self._dataset.utt_ids)}
        self._num_frames = self._dataset.num_frames

    def num_frames(self, utt_id: str) -> int:
        """Frames at 25 Hz of an utterance."""
        return self._num_frames[self._numbers[utt_id]]

    def made_from(self, utt_ids: Sequence[str]) -> tuple[str | None, ...]:
        """What the archives of utterances were made from: other media may give equal sizes."""
        tables = [table.name for table in tables_of("speech", "video") if table.is_file]
        pointers = (self.data.locate(table, utt_id) for table in tables for utt_id in utt_ids)
        archives = dict.fromkeys(p.rpartition(":")[0] for p in pointers if p is not None)
        return tuple(map(archive_fingerprint, archives))

    def stream(self, utt_ids: Sequence[str]) -> Iterator[tuple[str, Tensor]]:
        """Each utterance with its (T, D) float32 frames on the source's device, longest first.

        Which utterances share a batch depends on `utt_ids` alone.

        Raises:
            DataDirError: features are not finite; the utterance is named.
        """
        numbers = [self._numbers[utt_id] for utt_id in utt_ids if utt_id not in self.lacking]
        plan = plan_batches([self._num_frames[n] for n in numbers], self._batch_frames)
        batches = [[numbers[i] for i in batch] for batch in plan]
        for batch in evaluation_batches(self._dataset, batches, self._num_workers):
            found = self.source.extract(batch.to(self.source.device))
            for utt_id, frames in zip(batch.utt_id, found, strict=True):
                if not bool(torch.isfinite(frames).all()):
                    msg = (
                        f"{self.data.path}: {utt_id}: its features are not finite; the model "
                        "diverged (look at its train.log), or the sound is damaged"
                    )
                    raise DataDirError(msg)
                yield utt_id, frames.float()
