"""Random numbers that depend on where a run is, not on how it got there."""

from __future__ import annotations

import random

import numpy as np
import torch

from espnet_av.ops.seeding import mix_seed


def seed_micro_step(seed: int, rank: int, micro_step: int) -> None:
    """Seed torch, numpy and python for one forward and backward pass.

    With the generators set from (seed, rank, micro-step) each time, a resumed run draws what the
    uninterrupted one draws, whatever validation, logging or data loading consumed in between; no
    generator state has to be saved, and ranks differ in their dropout.
    """
    mixed = mix_seed(seed, rank, micro_step)
    torch.manual_seed(mixed)
    np.random.seed(mixed % 2**32)
    random.seed(mixed)
