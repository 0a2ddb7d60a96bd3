"""Learning of the small text models: one loop for both."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from espnet_av.text_models.config import LearningConfig

logger = logging.getLogger(__name__)

_WARM_SHARE, _NUM_LINES = 0.1, 10


def learn(
    model: nn.Module,
    loss_of: Callable[[np.random.Generator], Tensor],
    config: LearningConfig,
    seed: int,
    name: str,
) -> None:
    """Train a model; it is in evaluation afterwards.

    Args:
        model: whose parameters learn.
        loss_of: loss () of a batch that it draws.
        config: steps and rates.
        seed: of the draws.
        name: for the log.
    """
    model.train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=config.lr, weight_decay=0.01)
    warm = max(1, round(_WARM_SHARE * config.steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min((step + 1) / warm, (config.steps - step) / max(1, config.steps - warm), 1),
    )
    generator = np.random.default_rng(seed)
    every = max(1, config.steps // _NUM_LINES)
    for step in range(1, config.steps + 1):
        loss = loss_of(generator)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % every == 0 or step == config.steps:
            logger.info("%s: step %d of %d, loss %.4f", name, step, config.steps, loss.item())
    model.eval()
