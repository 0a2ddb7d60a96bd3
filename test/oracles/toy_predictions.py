"""Sets and models of a few numbers, for predictions of any kind and their scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from espnet_av.data.batch import Batch, Sample
from espnet_av.data.data_dir import DataDir
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.predict.kinds import KINDS
from espnet_av.predict.prediction import Work
from espnet_av.predict.results_dir import write_results
from espnet_av.search.decode_config import DecodeConfig

SPEAKERS = ("a", "b", "c", "d", "e", "f")


class ToySet:
    """Utterance `u<i>` lasts (i + 1) x 4 frames at 25 Hz, and its sound is the number i."""

    def __init__(
        self, num_utts: int, labels: tuple[str, ...] = (), label_part: int | None = None
    ) -> None:
        self.utt_ids = [f"u{i}" for i in range(num_utts)]
        self.num_frames = [4 * (i + 1) for i in range(num_utts)]
        self.config = DatasetConfig(labels=labels, label_part=label_part)
        self.num_read = 0

    def __len__(self) -> int:
        return len(self.utt_ids)

    def __getitem__(self, index: int) -> Sample:
        self.num_read += 1
        speech = np.full(640 * self.num_frames[index], index, dtype=np.float32)
        return Sample(utt_id=self.utt_ids[index], speech=speech)


def numbers_of(batch: Batch) -> list[int]:
    """The numbers of the utterances, from their sound."""
    assert batch.speech is not None
    return [round(float(row[0])) for row in batch.speech]


class ToyModel:
    """Gives what it was made with, by the number of the utterance."""

    feature_rate = 25.0
    similarity = "cosine"
    num_candidates = 0
    activity_median = 1

    def __init__(self, answers: Sequence[Any]) -> None:
        self.answers = answers

    def predict_labels(self, batch: Batch) -> torch.Tensor:
        return torch.stack([torch.as_tensor(self.answers[i]) for i in numbers_of(batch)])

    def predict_activity(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        rows = [torch.as_tensor(self.answers[i], dtype=torch.float32) for i in numbers_of(batch)]
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=1.0)
        return padded, torch.tensor([len(row) for row in rows])

    def predict_vectors(self, batch: Batch) -> dict[str, torch.Tensor]:
        views = {view: [] for view in self.answers[0]}
        for i in numbers_of(batch):
            for view, vector in self.answers[i].items():
                views[view].append(torch.as_tensor(vector, dtype=torch.float32))
        return {view: torch.stack(vectors) for view, vectors in views.items()}

    def extract_features(
        self, batch: Mapping[str, Any], layers: Sequence[int | None]
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """The number of the utterance plus that of the layer in every frame, two columns."""
        lengths = batch["speech_lengths"] // 640
        first = batch["speech"][:, :1, None].expand(-1, int(lengths.max()), 2)
        return [first + (layer or 0) for layer in layers], lengths


def predict(
    root: Path,
    kind: str,
    answers: Sequence[Any],
    tables: Mapping[str, Mapping[str, str]],
    *,
    labels: tuple[str, ...] = (),
    layers: tuple[int, ...] = (),
    mode: str = "A",
    label_part: int | None = None,
) -> Path:
    """The finished folder of a condition, as the decode stage writes it."""
    dataset = ToySet(len(answers), labels, label_part)
    work = Work(
        model=ToyModel(answers),
        config=DecodeConfig(method="ctc_prefix", batch_frames=20),
        layers=layers,
    )
    counted: list[int] = []
    predictions = KINDS[kind].predict(work, dataset, counted.append)  # type: ignore[arg-type]
    folder = root / "test" / f"{mode}_clean"
    info = {
        "set": "test",
        "mode": mode,
        "noise": "clean",
        "kind": kind,
        **predictions.facts(),
        "num_utts": len(answers),
        "audio_sec": predictions.seconds,
        "decode_sec": 1.0,
        "exp_dir": "exp/toy",
        "checkpoint": "toy.pth",
        "num_parameters": 1,
        "seed": 0,
        "train_seed": 0,
        "device": "cpu",
        "config": {},
    }
    spk = {utt_id: SPEAKERS[i % len(SPEAKERS)] for i, utt_id in enumerate(dataset.utt_ids)}
    data = DataDir(root, {"utt2spk": spk, **{name: dict(rows) for name, rows in tables.items()}})
    write_results(
        folder,
        predictions,
        data=data,
        noises=[],
        missing=[],
        info=info,
        config=work.config,
        key="key",
    )
    assert sum(counted) == dataset.num_read == len(answers)
    assert json.loads((folder / "decode.json").read_text(encoding="utf-8"))["kind"] == kind
    return folder
