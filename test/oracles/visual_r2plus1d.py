"""Slow reference of the (2+1)D front end: 3-D convolutions over one padded clip at a time."""

import torch
import torch.nn.functional as F

EPS = 1e-5


def batch_norm(clips, state, prefix, training):
    """Normalises every (C, V, H, W) of `clips`; in training by what all of them hold together."""
    if training:
        values = torch.cat([clip.flatten(1) for clip in clips], dim=1)
        mean, var = values.mean(dim=1), values.var(dim=1, unbiased=False)
    else:
        mean, var = state[prefix + "running_mean"], state[prefix + "running_var"]
    scale = state[prefix + "weight"] / torch.sqrt(var + EPS)
    shift = state[prefix + "bias"] - mean * scale
    return [clip * scale[:, None, None, None] + shift[:, None, None, None] for clip in clips]


def layer(clips, state, prefix, training):
    """One (2+1)D layer on clips (C, V, H, W), each with its own zeros around it."""
    for part, stride, padding in (("spatial", (1, 2, 2), (0, 1, 1)), ("temporal", 1, (1, 0, 0))):
        kernel = state[f"{prefix}{part}.weight"]
        clips = [F.conv3d(clip[None], kernel, None, stride, padding)[0] for clip in clips]
        clips = batch_norm(clips, state, f"{prefix}{part}_norm.", training)
        clips = [clip.clamp(min=0) for clip in clips]
    return clips


def visual_features(clips, state, image_pool=1, training=False):
    """(V, H, W) uint8 each -> (V, D) each, with the weights `state`."""
    state = {key: value.double() for key, value in state.items()}
    clips = [clip.double()[None] / 255 for clip in clips]
    if image_pool > 1:
        clips = [F.avg_pool3d(clip[None], (1, image_pool, image_pool))[0] for clip in clips]
    clips = [(clip - 0.421) / 0.165 for clip in clips]
    for number in range(5):
        clips = layer(clips, state, f"layers.{number}.", training)
    pooled = [clip.mean(dim=(2, 3)).T for clip in clips]
    return [frames @ state["project.weight"].T + state["project.bias"] for frames in pooled]
