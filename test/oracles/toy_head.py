"""A head on the mixed layers of a trained model: a family with another model in it, in one file."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn.functional import cross_entropy

from espnet_av.models.abs_model import AVModel
from espnet_av.models.upstream import UpstreamConfig, build_upstream
from espnet_av.modules.statistics import HIGHER, LOWER, Statistics, Weighted, mean_over


@dataclass(frozen=True, kw_only=True)
class ToyHeadConfig:
    """The model below the head."""

    upstream: UpstreamConfig
    """Filled by `upstream: exp/x`."""


class ToyHead(AVModel):
    """Says whether the first unit of an utterance is an even one."""

    config_class = ToyHeadConfig
    stats = {"loss": LOWER, "acc": HIGHER}
    predicts = ("label",)
    reads = frozenset({"speech", "units"})

    def __init__(self, config, sizes):
        super().__init__(config, sizes)
        self.upstream = build_upstream(config.upstream)
        self.mix = torch.nn.Parameter(torch.zeros(len(self.upstream.layers())))
        self.head = torch.nn.Linear(self.upstream.encoder.output_size(), 2)

    @property
    def feature_rate(self):
        return self.upstream.feature_rate

    def forward(self, **batch):
        features, lengths = self.upstream.extract_features(batch, self.upstream.layers())
        mixed = (torch.stack(features) * self.mix.softmax(0)[:, None, None, None]).sum(0)
        inside = torch.arange(mixed.size(1)) < lengths[:, None]
        pooled = (mixed * inside[..., None]).sum(1) / lengths[:, None]
        logits, labels = self.head(pooled), batch["units"][:, 0].clamp(min=0) % 2
        loss, num = cross_entropy(logits, labels), float(len(labels))
        hits = Weighted((logits.argmax(1) == labels).sum(), num)
        stats = Statistics(self.stats, {"loss": mean_over(loss, num), "acc": hits})
        return loss, stats, torch.tensor(num)

    def collect_feats(self, **batch):
        return self.upstream.collect_feats(**batch)
