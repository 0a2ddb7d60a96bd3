"""A model of two layers, for what goes where."""

from __future__ import annotations

import torch
from torch import nn


class Parts(nn.ModuleDict):
    token_layers = ()


def make_model():
    torch.manual_seed(0)
    return Parts({"encoder": nn.Linear(2, 3), "head": nn.Linear(3, 1)})
