"""Linear models and a data set of vectors, for tests of the engine alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from espnet_av.data.batch import Sample
from espnet_av.models.abs_model import NO_SIZES, AVModel
from espnet_av.modules.statistics import HIGHER, LOWER, Statistics, mean_over

FRAMES = (4, 5, 6, 7, 8, 9, 10, 11)


class ToyDataset:
    """Utterance i has FRAMES[i] frames of 16 random pixels and one token."""

    def __init__(self, num_utts: int = 8):
        self.utt_ids = [f"u{i}" for i in range(num_utts)]
        self.num_frames = [FRAMES[i % len(FRAMES)] for i in range(num_utts)]
        self.recorded_frames = [count - 1 for count in self.num_frames]

    def groups(self, by):
        return ["rare" if i < 2 else "common" for i in range(len(self.utt_ids))]

    def sample(self, index, epoch, step):
        rng = np.random.default_rng([index, epoch])
        index %= len(self.utt_ids)
        video = rng.integers(0, 256, (self.num_frames[index], 4, 4), dtype=np.uint8)
        return Sample(utt_id=self.utt_ids[index], video=video, text=np.array([index + step * 0]))


class ToyModel(AVModel):
    """Predicts the token from the mean frame; the loss is a mean over frames, like SSL losses."""

    config_class = object
    stats = {"loss": LOWER, "acc": HIGHER}
    reads = frozenset({"video", "text"})

    def __init__(self):
        super().__init__(None, NO_SIZES)
        self.encoder = torch.nn.Linear(16, 4)
        self.head = torch.nn.Linear(4, 1)
        self.steps = []
        self.updates = []

    def set_step(self, step, rank, seed):
        self.steps.append((step, rank, seed))

    def set_update(self, update):
        self.updates.append(update)

    def forward(self, video, video_lengths, text, **_):
        x = video.float().flatten(2) / 255
        mask = torch.arange(x.size(1), device=x.device) < video_lengths[:, None]
        error = (self.head(self.encoder(x).tanh()).squeeze(-1) - text.float()) ** 2
        weight = mask.sum().float()
        loss = (error * mask).sum() / weight
        return loss, Statistics(self.stats, {"loss": mean_over(loss, weight)}), weight

    def collect_feats(self, **batch):
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class ToyPretrainingConfig:
    """The layers of `ToyPretraining`."""

    size: int = 8
    frame_rate: int = 25


class ToyPretraining(AVModel):
    """Predicts unit labels of masked frames from sound, lips or both: an SSL model in shape."""

    config_class = ToyPretrainingConfig
    stats = {"loss": LOWER}
    reads = frozenset({"units"})

    def __init__(self, config, sizes):
        super().__init__(config, sizes)
        samples = self.samples = 16000 // config.frame_rate
        self.frontend = torch.nn.ModuleDict(
            {"audio": torch.nn.Linear(samples, config.size), "visual": torch.nn.LazyLinear(8)}
        )
        self.frontend["visual"](torch.zeros(1, 256))
        layers = torch.nn.ModuleList(torch.nn.Linear(config.size, config.size) for _ in range(2))
        self.encoder = torch.nn.ModuleDict({"layers": layers})
        self.head = torch.nn.Linear(config.size, sizes.units)
        self.place = (0, 0, 0)

    @property
    def feature_rate(self):
        return self.config.frame_rate

    def set_step(self, step, rank, seed):
        self.place = (step, rank, seed)

    def forward(self, units, utt_id, speech=None, video=None, **_):
        x = torch.zeros(*units.shape, 8)
        if speech is not None:
            speech = torch.nn.functional.pad(speech, (0, units.size(1) * self.samples))
            frames = speech[:, : units.size(1) * self.samples].unflatten(1, (units.size(1), -1))
            x = x + self.frontend["audio"](frames)
        if video is not None:
            video = video.repeat_interleave(self.feature_rate // 25, 1).float().flatten(2) / 255
            x[:, : video.size(1)] += self.frontend["visual"](video)
        generator = torch.Generator().manual_seed(hash(self.place) % 2**31)
        masked = torch.rand(units.shape, generator=generator) < 0.5
        x = torch.where(masked[..., None], 0.1, x)
        for layer in self.encoder["layers"]:
            x = x + layer(x).tanh()
        wanted = masked & (units >= 0)
        weight = wanted.sum().float().clamp(min=1)
        loss = cross_entropy(self.head(x)[wanted], units[wanted], reduction="sum") / weight
        return loss, Statistics(self.stats, {"loss": mean_over(loss, weight)}), weight

    def collect_feats(self, **batch):
        raise NotImplementedError
