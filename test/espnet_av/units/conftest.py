"""Dumps of tones, and a model whose features are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from oracles.tone_corpus import write_tone_dump

from espnet_av.features.source import ModelSource
from espnet_av.ops.mfcc import mfcc


@dataclass
class KnownModel:
    """MFCC at 25 Hz, brightness of the lips, or their sum; times the number of the layer."""

    feature_rate: int = 25
    seen: list[tuple[str, int]] = field(default_factory=list)
    num_layers: int = 12

    def layers(self):
        return range(1, self.num_layers + 1)

    def extract_features(self, batch, layers):
        assert not torch.is_grad_enabled()
        names = ("speech", "speech_lengths", "video", "video_lengths")
        speech, speech_lengths, video, video_lengths = map(batch.get, names)
        (layer,), rows = layers, []
        for i in range(len(speech if video is None else video)):
            streams = []
            if speech is not None and speech_lengths[i]:
                streams.append(mfcc(speech[i, : speech_lengths[i]])[::4] * layer)
            if video is not None and video_lengths[i]:
                levels = video[i, : video_lengths[i]].float().mean((1, 2))
                streams.append((levels * layer)[:, None].expand(-1, 13))
            self.seen.append(("AV" if len(streams) > 1 else "one", len(streams[0])))
            rows.append(sum(stream[: min(map(len, streams))] for stream in streams))
        lengths = torch.tensor([len(row) for row in rows])
        # Whatever lies beyond an utterance must not count.
        padded = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=torch.nan)
        return [padded], lengths


def model_source(modality="A", layer=1, model=None) -> ModelSource:
    return ModelSource(
        lambda: model or KnownModel(), layer, modality, 16, {"features": "model", "layer": layer}
    )


@pytest.fixture(scope="session")
def tones(tmp_path_factory) -> Path:
    """Folder with the dumps `train` (24 utterances) and `valid` (6 without alignment)."""
    root = tmp_path_factory.mktemp("tones")
    write_tone_dump(root / "train", 24, seed=1)
    write_tone_dump(root / "valid", 6, seed=2, ctm=False)
    return root
