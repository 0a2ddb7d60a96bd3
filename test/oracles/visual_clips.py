"""Small visual front ends with arbitrary statistics, and clips of noise for them."""

import torch

from espnet_av.config import build
from espnet_av.modules import VISUAL_FRONTENDS

TINY = {"resnet": {"width": 2}, "r2plus1d": {"width": 2}, "linear_patch": {"image_size": 4}}
"""Name of each visual front end -> configuration of a small one."""


def visual_frontend(name, conf=None, size=5):
    """The front end `name` of `size` features; batch norm is no identity."""
    config_class, frontend_class = VISUAL_FRONTENDS[name]
    torch.manual_seed(0)
    frontend = frontend_class(build(config_class, conf or TINY[name], name), size)
    for module in frontend.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.normal_(module.weight, 1.0, 0.2)
            torch.nn.init.normal_(module.bias)
    return frontend


def clips(lengths, size=24, max_length=None):
    """(B, V, size, size) uint8 noise, padding included, and (B,) lengths."""
    generator = torch.Generator().manual_seed(1)
    shape = (len(lengths), max_length or max(lengths), size, size)
    video = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return video, torch.tensor(lengths)
