"""A linear model and a data set of vectors, for tests of the engine alone."""

from __future__ import annotations

import numpy as np
import torch

from espnet_av.compat import AbsESPnetModel
from espnet_av.data.batch import Sample

FRAMES = (4, 5, 6, 7, 8, 9, 10, 11)


class ToyDataset:
    """Utterance i has FRAMES[i] frames of 16 random pixels and one token."""

    def __init__(self, num_utts: int = 8):
        self.utt_ids = [f"u{i}" for i in range(num_utts)]
        self.num_frames = [FRAMES[i % len(FRAMES)] for i in range(num_utts)]

    def groups(self, by):
        return ["rare" if i < 2 else "common" for i in range(len(self.utt_ids))]

    def sample(self, index, epoch, step):
        rng = np.random.default_rng([index, epoch])
        index %= len(self.utt_ids)
        video = rng.integers(0, 256, (self.num_frames[index], 4, 4), dtype=np.uint8)
        return Sample(utt_id=self.utt_ids[index], video=video, text=np.array([index + step * 0]))


class ToyModel(AbsESPnetModel):
    """Predicts the token from the mean frame; the loss is a mean over frames, like SSL losses."""

    def __init__(self):
        super().__init__()
        self.encoder = torch.nn.Linear(16, 4)
        self.head = torch.nn.Linear(4, 1)
        self.steps = []

    def set_step(self, step, rank, seed):
        self.steps.append((step, rank, seed))

    def forward(self, video, video_lengths, text, **_):
        x = video.float().flatten(2) / 255
        mask = torch.arange(x.size(1), device=x.device) < video_lengths[:, None]
        error = (self.head(self.encoder(x).tanh()).squeeze(-1) - text.float()) ** 2
        weight = mask.sum().float()
        loss = (error * mask).sum() / weight
        nan = torch.full_like(loss, float("nan")).detach()
        return loss, {"loss": loss.detach(), "acc": nan}, weight

    def collect_feats(self, **batch):
        raise NotImplementedError
