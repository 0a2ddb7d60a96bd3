"""AV-HuBERT, u-HuBERT and XLAVS-R frame by frame; and small models of them."""

import math

import numpy as np
import torch
from oracles.logfbank import logfbank

from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel

NUM_UNITS = 7
ENCODER = {
    "num_layers": 2,
    "attention_heads": 2,
    "linear_units": 12,
    "dropout_rate": 0.0,
    "attention_dropout_rate": 0.0,
    "layerdrop": 0.0,
    "pos_conv_kernel": 4,
    "pos_conv_groups": 2,
}
SPANS = {
    "audio_mask": {"start_prob": 0.15, "span": 3, "min_spans": 1},
    "video_mask": {"start_prob": 0.1, "span": 2, "min_spans": 1},
}
SMALL = {
    "visual_frontend_conf": {"width": 2},
    "feature_size": 8,
    "dropout_rate": 0.0,
    "encoder_conf": ENCODER,
    "projection_size": 5,
    **SPANS,
}
WAVE = {"audio_frontend": "wave", "audio_frontend_conf": {"channels": 4}, "fusion": "linear"}
FAMILY = {
    "avhubert": {},
    "avhubert_features": {"masking": "feature"},
    "avhubert_large": {"unmasked_weight": 1.0},
    "xlavsr": {**WAVE, "frame_rate": 50, "unmasked_weight": 1.0, "features_penalty": 0.0},
    "xlavsr_25": {**WAVE, "unmasked_weight": 0.5},
}
"""Changes that turn `SMALL` into a small model of each kind."""


def config(**changes):
    """Settings of a model of a few thousand parameters, without dropout."""
    return build(AVHubertConfig, {**SMALL, **changes})


def model(seed=0, **changes):
    """The model of `config`, with fixed random weights and no symmetric ones."""
    torch.manual_seed(seed)
    made = AVHubertModel.from_config(config(**changes), Sizes(units=NUM_UNITS))
    for name, parameter in made.named_parameters():
        if name.startswith(("frontend.fusion", "units_head", "encoder.layers")):
            torch.nn.init.normal_(parameter, std=0.4)
    return made


def batch(lengths=(9, 6, 4), rate=25, seed=0):
    """Padded batch of noise with units at the model's rate."""
    generator = torch.Generator().manual_seed(seed)
    num, longest, frames = len(lengths), max(lengths), torch.tensor(lengths)
    pixels = (num, longest, 24, 24)
    units = torch.randint(0, NUM_UNITS, (num, longest * rate // 25), generator=generator)
    return {
        "utt_id": [f"s{i}-u" for i in range(num)],
        "speech": torch.randn(num, longest * 640, generator=generator) * 0.1,
        "speech_lengths": frames * 640,
        "video": torch.randint(0, 256, pixels, generator=generator, dtype=torch.uint8),
        "video_lengths": frames.clone(),
        "units": units,
    }


def stacked_filterbank(wave):
    """(S,) float -> list of (104,) vectors, each of mean 0 and variance 1."""
    windows = logfbank(wave.double().numpy() * 32768)
    windows = np.concatenate([windows, np.zeros((-len(windows) % 4, 26))])
    stacked = [np.concatenate(windows[i : i + 4]) for i in range(0, len(windows), 4)]
    normal = [(x - x.mean()) / math.sqrt(x.var() + 1e-5) for x in stacked]
    return [torch.tensor(x, dtype=torch.float32) for x in normal]


def audio_stream(net, wave, masked):
    """Features of the sound, masked ones replaced."""
    if net.config.audio_frontend == "wave":
        features, _ = net.frontend.audio(wave[None], torch.tensor([len(wave)]))
        frames = list(features[0])
        return [net.mask_emb if masked[t] else x for t, x in enumerate(frames)]
    project = net.frontend.audio.project
    filling = net.mask_emb if net.config.masking == "input" else None
    return [project(filling if masked[t] else x) for t, x in enumerate(stacked_filterbank(wave))]


def video_stream(net, clip, sources):
    """Features of the lips, with frames taken from where `sources` says, at the frame rate."""
    replaced = torch.stack([clip[source] for source in sources])
    features, _ = net.frontend.visual(replaced[None], torch.tensor([len(replaced)]))
    return [x for x in features[0] for _ in range(net.config.frame_rate // 25)]


def fuse(net, audio, lips):
    """Both streams frame by frame; the penalty of the frame comes along."""
    fusion, size = net.frontend.fusion, net.config.feature_size
    both = torch.cat([audio, lips])
    penalty = float((both**2).sum()) / (2 * size)
    if net.config.fusion == "concat":
        both = (both - both.mean()) / (both.var(unbiased=False) + 1e-5).sqrt()
        both = both * fusion.layer_norm.weight + fusion.layer_norm.bias
    return fusion.project.weight @ both + fusion.project.bias, penalty


def frame_loss(net, hidden, label):
    """(nats, hit) of one frame."""
    x = net.units_head.final_proj(hidden)
    scores = [
        float(x @ unit) / float(x.norm() * unit.norm()) / net.config.temperature
        for unit in net.units_head.label_embs
    ]
    return math.log(sum(math.exp(s) for s in scores)) - scores[label], max(scores) == scores[label]


@torch.no_grad()
def loss(net, data, masks, dropped=()):
    """Loss, weight and statistics of a batch, utterance by utterance.

    Args:
        net: in eval mode.
        data: of `batch`.
        masks: as drawn; their distribution is tested elsewhere.
        dropped: `audio` or `video`, left out everywhere.
    """
    net_config, repeat = net.config, net.config.frame_rate // 25
    sums = {True: [], False: []}
    penalties = []
    for row in range(len(data["units"])):
        samples, num_video = int(data["speech_lengths"][row]), int(data["video_lengths"][row])
        length = max(samples // 640, num_video) * repeat
        zeros = [torch.zeros(net_config.feature_size)] * length
        hidden_sound = masks.audio[row] & (net_config.masking == "input")
        audio, lips = zeros, zeros
        if samples and "audio" not in dropped:
            audio = audio_stream(net, data["speech"][row, :samples], hidden_sound)
        if num_video and "video" not in dropped:
            clip = data["video"][row, :num_video]
            lips = video_stream(net, clip, masks.sources[row, :num_video].tolist())
        fused = []
        for t in range(length):
            x, penalty = fuse(net, audio[t], lips[t])
            hide = net_config.masking == "feature" and masks.audio[row, t]
            fused.append(net.mask_emb if hide else x)
            penalties.append(penalty)
        out, _, _ = net.encoder(torch.stack(fused)[None], torch.tensor([length]))
        for t in range(length):
            masked = bool(masks.audio[row, t]) or bool(masks.video[row, t // repeat])
            label = int(data["units"][row, t])
            if label >= 0:
                sums[masked].append(frame_loss(net, out[0, t], label))
    weight = len(sums[True]) + (len(sums[False]) if net_config.unmasked_weight else 0)
    total = sum(x for x, _ in sums[True])
    total += net_config.unmasked_weight * sum(x for x, _ in sums[False])
    penalty = sum(penalties) / len(penalties)
    stats = {
        "features_penalty": penalty,
        **{
            f"{kind}_{name}": sum(x[place] for x in sums[which]) / len(sums[which])
            for which, name in ((True, "masked"), (False, "unmasked"))
            for place, kind in enumerate(("loss", "acc"))
            if sums[which]
        },
    }
    return total / weight + net_config.features_penalty * penalty, weight, stats
