"""Slow reference of the visual front end: one clip at a time, 3-D modules, published layout."""

import torch
import torch.nn.functional as F

EPS = 1e-5


def batch_norm(x, state, prefix):
    shape = (1, -1) + (1,) * (x.dim() - 2)
    mean, var = state[prefix + "running_mean"], state[prefix + "running_var"]
    scale, shift = state[prefix + "weight"], state[prefix + "bias"]
    normal = (x - mean.view(shape)) / torch.sqrt(var.view(shape) + EPS)
    return normal * scale.view(shape) + shift.view(shape)


def activate(x, state, prefix):
    if prefix + "weight" not in state:
        return x.clamp(min=0)
    slope = state[prefix + "weight"].view((1, -1) + (1,) * (x.dim() - 2))
    return torch.where(x > 0, x, slope * x)


def block(x, state, prefix, stride):
    y = F.conv2d(x, state[prefix + "conv1.weight"], stride=stride, padding=1)
    y = activate(batch_norm(y, state, prefix + "bn1."), state, prefix + "relu1.")
    y = F.conv2d(y, state[prefix + "conv2.weight"], padding=1)
    y = batch_norm(y, state, prefix + "bn2.")
    if prefix + "downsample.0.weight" in state:
        x = F.conv2d(x, state[prefix + "downsample.0.weight"], stride=stride)
        x = batch_norm(x, state, prefix + "downsample.1.")
    return activate(y + x, state, prefix + "relu2.")


def visual_features(clip, state, image_pool=1, stem_pool=True):
    """(V, H, W) uint8 -> (V, D), in evaluation mode, with the weights `state`."""
    x = clip.double()[None, None] / 255
    if image_pool > 1:
        x = F.avg_pool3d(x, (1, image_pool, image_pool))
    x = (x - 0.421) / 0.165
    state = {key: value.double() for key, value in state.items()}
    x = F.conv3d(x, state["stem.conv.weight"], stride=(1, 2, 2), padding=(2, 3, 3))
    x = activate(batch_norm(x, state, "stem.bn."), state, "stem.act.")
    if stem_pool:
        x = F.max_pool3d(x, (1, 3, 3), (1, 2, 2), (0, 1, 1))
    rows = []
    for frame in x[0].transpose(0, 1):
        y = frame[None]
        for stage in range(4):
            for i in range(2):
                stride = 2 if stage > 0 and i == 0 else 1
                y = block(y, state, f"trunk.{stage}.{i}.", stride)
        rows.append(state["project.weight"] @ y[0].mean(dim=(1, 2)) + state["project.bias"])
    return torch.stack(rows)
