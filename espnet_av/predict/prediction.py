"""What a model makes of a whole test set, whichever kind it is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from espnet_av.data.batch import Batch
from espnet_av.data.batch_plan import plan_batches
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.evaluation_batches import evaluation_batches
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.rates import FRAME_HZ
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM


@dataclass(frozen=True, kw_only=True)
class Work:
    """A finished model, and how it is run over test sets."""

    model: Any
    """In eval mode, on `device`."""
    config: DecodeConfig
    """Search settings; `batch_frames` changes speed and memory, not results."""
    tokenizer: Tokenizer | None = None
    """Turns ids into text; None: the model writes none."""
    lm: NGramLM | None = None
    """The language model of `config`."""
    device: torch.device | str = "cpu"
    num_workers: int = 0
    """Loading processes besides this one."""
    layers: tuple[int, ...] = ()
    """To take features of frames from; none: the output of the encoder."""

    def batches(self, dataset: AVDataset) -> Iterator[tuple[Batch, Batch]]:
        """Every batch of a set as it was loaded and on `device`, longest utterances first."""
        plan = plan_batches(dataset.num_frames, self.config.batch_frames)
        for batch in evaluation_batches(dataset, plan, self.num_workers):
            yield batch, batch.to(self.device)


@dataclass(frozen=True, kw_only=True)
class Predictions(ABC):
    """Predictions of one kind for one set."""

    work: Work
    dataset: AVDataset
    found: Mapping[str, Any]
    """Utterance -> its prediction."""

    @property
    def utt_ids(self) -> list[str]:
        """Every utterance that has a prediction."""
        return list(self.found)

    @property
    def seconds(self) -> float:
        """What all utterances last."""
        return sum(self.dataset.num_frames) / FRAME_HZ

    @abstractmethod
    def write(self, folder: Path, data: DataDir) -> None:
        """Write predictions and references.

        Args:
            folder: of the condition; appears when it is whole.
            data: the test set.
        """

    def facts(self) -> dict[str, Any]:
        """More for `decode.json`."""
        return {}

    def ordered(self, data: DataDir) -> list[str]:
        """Utterances that have a prediction, in the order of the set."""
        return [utt_id for utt_id in data.utt_ids if utt_id in self.found]


Predict = Callable[[Work, AVDataset, Callable[[int], None]], Predictions]
"""Runs a model over a set; the function is told the number of utterances just finished."""
