"""Loaders of training and validation micro-batches for one process."""

from __future__ import annotations

import logging
from functools import cached_property

import lightning as L
import torch
from torch.utils.data import DataLoader

from espnet_av.data.balance import BalancedBatchSampler
from espnet_av.data.sampler import BucketBatchSampler
from espnet_av.data.workers import Workers, largest_batch_bytes, worker_loader
from espnet_av.models.abs_model import AVModel
from espnet_av.rates import FRAME_HZ
from espnet_av.train.config import TrainConfig
from espnet_av.train.fields import check_fields
from espnet_av.train.signals import ignore_stop_signals
from espnet_av.train.step_batch import KeyedDataset, StepBatch, UtteranceDataset, collate_step
from espnet_av.train.step_sampler import EpochSampler, EvalSampler, Progress, StepSampler

logger = logging.getLogger(__name__)


class AVDataModule(L.LightningDataModule):
    """Endless training batches from the position in `progress`; validation batches once each."""

    def __init__(
        self,
        train: UtteranceDataset,
        valid: UtteranceDataset,
        config: TrainConfig,
        progress: Progress,
    ) -> None:
        super().__init__()
        self._train, self._valid = train, valid
        self._config = config
        self._progress = progress

    @property
    def train_sec(self) -> float:
        """Length of the training set as it was recorded, whole, however augmentation plays it."""
        return sum(self._train.recorded_frames) / FRAME_HZ

    def check_fields(self, model: AVModel) -> None:
        """See `check_fields`."""
        check_fields(model, {"training set": self._train, "validation set": self._valid})

    def train_dataloader(self) -> DataLoader[StepBatch]:
        """Micro-batches of this rank, from where the run stands to no end."""
        rank, world_size = self._world()
        sampler = self._train_sampler(rank, world_size)
        return self._loader(
            self._train, StepSampler(sampler, self._progress, self._config.accum_grad)
        )

    def val_dataloader(self) -> DataLoader[StepBatch]:
        """Every validation utterance once over all ranks."""
        batches = self._sampler(self._valid, False, rank=0, world_size=1).batches(0)
        return self._loader(self._valid, EvalSampler(batches, *self._world()))

    def transfer_batch_to_device(
        self, batch: StepBatch, device: torch.device, dataloader_idx: int
    ) -> StepBatch:
        """Move the tensors; video goes over as uint8."""
        return batch.to(device)

    def _train_sampler(self, rank: int, world_size: int) -> EpochSampler:
        balance = self._config.sampling
        if balance is None:
            return self._sampler(self._train, True, rank, world_size)
        sampler = BalancedBatchSampler(
            self._train.num_frames,
            self._train.groups(balance.by),
            balance.temperature,
            self._config.batch_frames,
            self._config.max_utts,
            seed=self._config.seed,
            rank=rank,
            world_size=world_size,
            utt_ids=self._train.utt_ids,
        )
        shares = ", ".join(f"{name} {share:.1%}" for name, share in sampler.shares.items())
        logger.info("share of the training frames by %s: %s", balance.by, shares)
        return sampler

    def _sampler(
        self, dataset: UtteranceDataset, shuffle: bool, rank: int, world_size: int
    ) -> BucketBatchSampler:
        return BucketBatchSampler(
            dataset.num_frames,
            self._config.batch_frames,
            self._config.max_utts,
            seed=self._config.seed,
            shuffle=shuffle,
            rank=rank,
            world_size=world_size,
            utt_ids=dataset.utt_ids,
        )

    def _loader(
        self, dataset: UtteranceDataset, batches: StepSampler | EvalSampler
    ) -> DataLoader[StepBatch]:
        return worker_loader(
            KeyedDataset(dataset),
            batches,
            collate_step,
            self._workers,
            on_start=ignore_stop_signals,
            pin_memory=self.trainer is not None
            and self.trainer.strategy.root_device.type == "cuda",
            # Or starting the loader would draw from the generator that the model uses.
            generator=torch.Generator(),
        )

    @cached_property
    def _workers(self) -> Workers:
        """Those of the configuration, as far as there is room."""
        config, data = self._config, self._config.dataset
        batch_bytes = largest_batch_bytes(
            config.batch_frames,
            [*self._train.num_frames, *self._valid.num_frames],
            data.video_crop**2 if "V" in data.modalities else 0,
            with_audio="A" in data.modalities,
            more_bytes=self._states_bytes() if config.num_workers else 0,
        )
        wanted = Workers(num=config.num_workers, prefetch=config.prefetch_batches)
        # While it validates, the batches that come next in the training are ready, too.
        num_sharing = 2 * (1 if self.trainer is None else self.trainer.num_devices)
        return wanted.fitting(batch_bytes, num_sharing)

    def _states_bytes(self) -> int:
        """Of stored states in a frame at 25 Hz, by those of the first utterance; 0 without."""
        if not self._train.utt_ids:
            return 0
        states = self._train.sample(0, epoch=0, step=0).array("states")
        return 0 if states is None else states.nbytes // max(1, self._train.num_frames[0])

    def _world(self) -> tuple[int, int]:
        if self.trainer is None:
            return 0, 1
        return self.trainer.global_rank, self.trainer.world_size
