from __future__ import annotations

import numpy as np
import pytest
import torch

from espnet_av.data.batch import Batch, Sample, collate


def sample(utt_id: str, frames: int, **changes: object) -> Sample:
    fields: dict[str, object] = {
        "speech": np.full(frames * 640, 0.5, np.float32),
        "video": np.full((frames, 4, 4), 9, np.uint8),
        "text": np.arange(1, frames + 1),
        "units": np.zeros(frames, np.int64),
        "lang": "en",
    }
    return Sample(utt_id=utt_id, **{**fields, **changes})  # type: ignore[arg-type]


def test_shapes_padding_and_types() -> None:
    batch = collate([sample("a", 2), sample("b", 5)])
    assert batch.utt_id == ["a", "b"] and len(batch) == 2 and batch.lang == ["en", "en"]
    assert batch.speech.shape == (2, 3200) and batch.speech.dtype == torch.float32
    assert batch.video.shape == (2, 5, 4, 4) and batch.video.dtype == torch.uint8
    assert batch.text.tolist() == [[1, 2, -1, -1, -1], [1, 2, 3, 4, 5]]
    assert batch.units.tolist() == [[0, 0, -1, -1, -1], [0] * 5]
    for name in ("video", "text", "units"):
        assert getattr(batch, f"{name}_lengths").tolist() == [2, 5]
    assert batch.speech_lengths.tolist() == [1280, 3200]
    assert batch.speech[0, 1280:].abs().sum() == 0 and batch.video[0, 2:].sum() == 0


def test_one_utterance_without_a_modality_has_length_0() -> None:
    batch = collate([sample("a", 2, video=None), sample("b", 3, speech=None, lang=None)])
    assert batch.video_lengths.tolist() == [0, 3] and batch.speech_lengths.tolist() == [1280, 0]
    assert batch.video[0].sum() == 0 and batch.speech[1].abs().sum() == 0
    assert batch.lang == ["en", ""]


def test_fields_nobody_has_are_none_and_not_in_the_dict() -> None:
    absent = {"video": None, "units": None, "lang": None, "text": None}
    batch = collate([sample("a", 2, **absent), sample("b", 3, **absent)])
    assert set(batch.as_dict()) == {"utt_id", "speech", "speech_lengths"}
    assert batch.video is None and batch.video_lengths is None


def test_a_sample_padded_in_a_batch_equals_itself_alone() -> None:
    short = sample("a", 2)
    alone, together = collate([short]), collate([sample("b", 9), short])
    for name in ("speech", "video", "text", "units"):
        length = len(getattr(short, name))
        assert torch.equal(getattr(alone, name)[0], getattr(together, name)[1, :length])


def test_to_moves_every_tensor_and_keeps_the_rest() -> None:
    batch = collate([sample("a", 2)])
    moved = batch.to("meta")
    assert all(v.is_meta for v in moved.as_dict().values() if isinstance(v, torch.Tensor))
    assert moved.utt_id == ["a"] and not batch.speech.is_meta


@pytest.mark.gpu
def test_pinned_memory(device: str) -> None:
    batch: Batch = collate([sample("a", 2)]).pin_memory()
    assert batch.speech.is_pinned() and batch.to(device).video.device.type == "cuda"


def test_shared_memory_takes_every_tensor_that_holds_something():
    batch = Batch(utt_id=["a"], speech=torch.ones(1, 3), text=torch.zeros(1, 0, dtype=torch.int64))
    batch.share_memory()
    assert batch.speech is not None
    assert batch.speech.is_shared()
    assert batch.speech.tolist() == [[1.0, 1.0, 1.0]]
