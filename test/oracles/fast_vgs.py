"""FaST-VGS+ and VG-HuBERT under their published names, as plain functions of their weights.

Written from the description of the architecture; without dropout, masks or padding. It shares
no code with the models that are tested against it.
"""

import math

import torch
import torch.nn.functional as F

CONV = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))


class Weights:
    """Random weights, made as they are asked for."""

    def __init__(self, seed=0):
        self.generator = torch.Generator().manual_seed(seed)
        self.found = {}

    def add(self, name, *shape, std=0.25):
        self.found[name] = torch.randn(*shape, generator=self.generator) * std

    def linear(self, name, size, output):
        self.add(f"{name}.weight", output, size)
        self.add(f"{name}.bias", output)

    def norm(self, name, size):
        self.add(f"{name}.bias", size)
        self.found[f"{name}.weight"] = 0.5 + torch.rand(size, generator=self.generator)

    def batch_norm(self, name, size):
        self.norm(name, size)
        self.add(f"{name}.running_mean", size)
        self.found[f"{name}.running_var"] = 0.5 + torch.rand(size, generator=self.generator)
        self.found[f"{name}.num_batches_tracked"] = torch.tensor(7)

    def mlp(self, name, size, output, inside=None):
        self.linear(f"{name}.0", size, inside or 2 * size)
        self.linear(f"{name}.2", inside or 2 * size, output)


def wav2vec2(channels=8, size=12, layers=3, inside=20, kernel=6, groups=2, pos_outside=False):
    """Weights of wav2vec 2.0 base or HuBERT with a class vector."""
    made = Weights(1)
    for i, (taps, _) in enumerate(CONV):
        made.add(
            f"feature_extractor.conv_layers.{i}.0.weight", channels, channels if i else 1, taps
        )
    made.norm("feature_extractor.conv_layers.0.2", channels)
    made.norm("layer_norm", channels)
    made.linear("post_extract_proj", channels, size)
    position = "pos_conv" if pos_outside else "encoder.pos_conv"
    made.add(f"{position}.0.weight_v", size, size // groups, kernel)
    made.found[f"{position}.0.weight_g"] = torch.rand(1, 1, kernel, generator=made.generator) + 0.5
    made.add(f"{position}.0.bias", size)
    for i in range(layers):
        layer = f"encoder.layers.{i}"
        for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
            made.linear(f"{layer}.self_attn.{part}", size, size)
        made.norm(f"{layer}.self_attn_layer_norm", size)
        made.linear(f"{layer}.fc1", size, inside)
        made.linear(f"{layer}.fc2", inside, size)
        made.norm(f"{layer}.final_layer_norm", size)
    made.norm("encoder.layer_norm", size)
    made.add("cls_token", 1, 1, size)
    return made.found


def bert(made, name, size, inside):
    """A post-norm layer under BERT's names."""
    for part in ("query", "key", "value"):
        made.linear(f"{name}.attention.self.{part}", size, size)
    made.linear(f"{name}.attention.output.dense", size, size)
    made.norm(f"{name}.attention.output.LayerNorm", size)
    made.linear(f"{name}.intermediate.dense", size, inside)
    made.linear(f"{name}.output.dense", inside, size)
    made.norm(f"{name}.output.LayerNorm", size)


def dual_encoder(size=12, inside=20, features=9, image_layers=2, stem=5, widths=(5, 6, 7, 12)):
    """Weights of FaST-VGS+ but for the cross encoder."""
    made = Weights(2)
    for name, value in wav2vec2(size=size, inside=inside).items():
        made.found[f"conv1_trm1_trm3.{name}"] = value
    body = "conv1_trm1_trm3"
    made.add(f"{body}.mask_emb", size)
    made.linear(f"{body}.final_proj", size, 4)
    made.linear(f"{body}.project_q", 4, 4)
    made.linear(f"{body}.quantizer.weight_proj", 8, 6)
    made.add(f"{body}.quantizer.vars", 1, 6, 2)
    made.linear("conv2.linear", size, stem)
    made.batch_norm("conv2.bn1", stem)
    before = stem
    for stage, width in enumerate(widths, start=1):
        for i in range(2):
            block = f"conv2.layer{stage}.{i}"
            made.add(f"{block}.conv1.weight", width, before if i == 0 else width, 1, 9)
            made.batch_norm(f"{block}.bn1", width)
            made.add(f"{block}.conv2.weight", width, width, 1, 9)
            made.batch_norm(f"{block}.bn2", width)
            if i == 0:
                made.add(f"{block}.downsample.0.weight", width, before, 1, 1)
                made.batch_norm(f"{block}.downsample.1", width)
        before = width
    made.mlp("audio_cls_token_proj_coarse", size, size)
    made.mlp("audio_cls_token_proj_pre", size, size)
    bert(made, "trm2", size, inside)
    made.linear("trm2_proj", size, size)
    made.linear("visn_fc.visn_fc", features, size)
    made.norm("visn_fc.visn_layer_norm", size)
    made.linear("visn_fc.box_fc", 4, size)
    made.norm("visn_fc.box_layer_norm", size)
    made.add("visual_cls_token", 1, 1, size)
    for i in range(image_layers):
        bert(made, f"trm.{i}", size, inside)
    made.mlp("visual_cls_token_proj_coarse", size, size)
    return made.found


def cross_encoder(size=12, inside=20, layers=2):
    """Weights of the cross encoder."""
    made = Weights(3)
    for i in range(layers):
        layer = f"xtrm.{i}"
        for part in ("query", "key", "value"):
            made.linear(f"{layer}.visual_attention.att.{part}", size, size)
            made.linear(f"{layer}.audio_self_att.{part}", size, size)
            made.linear(f"{layer}.visn_self_att.{part}", size, size)
        made.linear(f"{layer}.visual_attention.output.dense", size, size)
        made.norm(f"{layer}.visual_attention.output.LayerNorm", size)
        for side in ("audio", "visn"):
            made.linear(f"{layer}.{side}_inter.dense", size, inside)
            made.linear(f"{layer}.{side}_output.dense", inside, size)
            made.norm(f"{layer}.{side}_output.LayerNorm", size)
    made.linear("fc.0", 2 * size, size)
    made.linear("fc.2", size, 1)
    return made.found


def vg_hubert(size=12, inside=20, visual=6, output=10):
    """Weights of VG-HuBERT, with a little of its vision transformer."""
    made = Weights(4)
    for name, value in wav2vec2(size=size, inside=inside, pos_outside=True).items():
        made.found[f"audio_encoder.{name}"] = value
    made.add("trm.cls_token", 1, 1, visual)
    made.linear("trm.blocks.0.attn.qkv", visual, 3 * visual)
    made.norm("trm.norm", visual)
    made.mlp("audio_cls_token_proj", size, output)
    made.mlp("visual_cls_token_proj", visual, output, inside=2 * size)
    return made.found


def below(weights, prefix):
    return {k[len(prefix) :]: v for k, v in weights.items() if k.startswith(prefix)}


def linear(w, name, x):
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def norm(w, name, x, eps=1e-12):
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + eps)
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def gelu(x):
    return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


def attend(query, key, value, heads):
    """One head after another; (B, T, D) each."""
    out = []
    for q, k, v in zip(*(x.chunk(heads, -1) for x in (query, key, value)), strict=True):
        out.append((q @ k.transpose(1, 2) / math.sqrt(q.size(-1))).softmax(-1) @ v)
    return torch.cat(out, -1)


def mlp(w, name, x):
    return linear(w, f"{name}.2", gelu(linear(w, f"{name}.0", x)))


def frames(w, wave):
    """Projected features (B, T, D) of waves as they are."""
    x = wave[:, None]
    for i, (_, stride) in enumerate(CONV):
        x = F.conv1d(x, w[f"feature_extractor.conv_layers.{i}.0.weight"], stride=stride)
        if i == 0:
            spread = torch.sqrt(x.var(-1, unbiased=False, keepdim=True) + 1e-5)
            x = (x - x.mean(-1, keepdim=True)) / spread
            x = x * w["feature_extractor.conv_layers.0.2.weight"][:, None]
            x = x + w["feature_extractor.conv_layers.0.2.bias"][:, None]
        x = gelu(x)
    return linear(w, "post_extract_proj", norm(w, "layer_norm", x.transpose(1, 2), 1e-5))


def positions(w, name, x, groups):
    direction, length = w[f"{name}.0.weight_v"], w[f"{name}.0.weight_g"]
    taps = direction * length / direction.pow(2).sum((0, 1), keepdim=True).sqrt()
    kernel = taps.size(-1)
    out = F.conv1d(x.transpose(1, 2), taps, w[f"{name}.0.bias"], padding=kernel // 2, groups=groups)
    return x + gelu(out[:, :, : x.size(1)]).transpose(1, 2)


def layers_of(w, wave, heads=2, groups=2):
    """(B, 1 + T, D) of every layer; the class vector comes before positions, or behind them."""
    x = frames(w, wave)
    front = w["cls_token"].expand(len(x), -1, -1)
    if "pos_conv.0.bias" in w:
        x = torch.cat([front, positions(w, "pos_conv", x, groups)], 1)
    else:
        x = positions(w, "encoder.pos_conv", torch.cat([front, x], 1), groups)
    x = norm(w, "encoder.layer_norm", x, 1e-5)
    found, i = [], 0
    while f"encoder.layers.{i}.fc1.weight" in w:
        p = below(w, f"encoder.layers.{i}.")
        sides = (linear(p, f"self_attn.{part}_proj", x) for part in "qkv")
        x = x + linear(p, "self_attn.out_proj", attend(*sides, heads))
        x = norm(p, "self_attn_layer_norm", x, 1e-5)
        x = norm(p, "final_layer_norm", x + linear(p, "fc2", gelu(linear(p, "fc1", x))), 1e-5)
        found.append(x)
        i += 1
    return found


def residual_net(w, x):
    """(B, T, D) -> (B, T / 16, D), batch norm by running statistics."""

    def bn(name, x):
        scale = w[f"{name}.weight"] / torch.sqrt(w[f"{name}.running_var"] + 1e-5)
        shift = w[f"{name}.bias"] - w[f"{name}.running_mean"] * scale
        return x * scale[:, None, None] + shift[:, None, None]

    x = linear(w, "linear", x).transpose(1, 2)[:, :, None]
    x = bn("bn1", x).relu()
    for stage in range(1, 5):
        for i in range(2):
            p, stride = f"layer{stage}.{i}", 2 if i == 0 else 1
            out = F.conv2d(x, w[f"{p}.conv1.weight"], stride=stride, padding=(0, 4))
            out = bn(f"{p}.bn1", out).relu()
            out = bn(f"{p}.bn2", F.conv2d(out, w[f"{p}.conv2.weight"], padding=(0, 4)))
            if i == 0:
                x = F.conv2d(x, w[f"{p}.downsample.0.weight"], stride=2)
                x = bn(f"{p}.downsample.1", x)
            x = (out + x).relu()
    return x[:, :, 0].transpose(1, 2)


def bert_layer(w, x, heads=2):
    sides = (linear(w, f"attention.self.{part}", x) for part in ("query", "key", "value"))
    x = norm(
        w,
        "attention.output.LayerNorm",
        x + linear(w, "attention.output.dense", attend(*sides, heads)),
    )
    inside = gelu(linear(w, "intermediate.dense", x))
    return norm(w, "output.LayerNorm", x + linear(w, "output.dense", inside))


def speech_side(w, wave, layer):
    """(vector (B, E), parts (B, 1 + P, D)) of FaST-VGS+, `layer` from 0."""
    stream = layers_of(below(w, "conv1_trm1_trm3."), wave)[layer]
    pooled = residual_net(below(w, "conv2."), stream[:, 1:])
    # Of 16 frames or more, only whole sixteens are attended to.
    pooled = pooled[:, : (stream.size(1) - 1) // 16]
    front = mlp(w, "audio_cls_token_proj_pre", stream[:, 0])
    parts = bert_layer(below(w, "trm2."), torch.cat([front[:, None], pooled], 1))
    return linear(w, "trm2_proj", parts[:, 0]), parts


def image_side(w, features, boxes):
    """(vector (B, E), parts (B, 1 + R, D)) of FaST-VGS+."""
    v = below(w, "visn_fc.")
    seen = norm(v, "visn_layer_norm", linear(v, "visn_fc", features))
    x = (seen + norm(v, "box_layer_norm", linear(v, "box_fc", boxes))) / 2
    x = torch.cat([w["visual_cls_token"].expand(len(x), -1, -1), x], 1)
    i = 0
    while f"trm.{i}.output.dense.bias" in w:
        x = bert_layer(below(w, f"trm.{i}."), x)
        i += 1
    return mlp(w, "visual_cls_token_proj_coarse", x[:, 0]), x


def fine_score(w, speech, image, heads=2):
    """(N,) of pairs of parts."""
    i = 0
    while f"xtrm.{i}.audio_inter.dense.bias" in w:
        p = below(w, f"xtrm.{i}.")
        shared = below(p, "visual_attention.")

        def across(x, other, shared=shared):
            sides = (linear(shared, f"att.{part}", other) for part in ("key", "value"))
            out = attend(linear(shared, "att.query", x), *sides, heads)
            return norm(shared, "output.LayerNorm", x + linear(shared, "output.dense", out))

        def alone(x, side, p=p):
            sides = (linear(p, f"{side}_self_att.{part}", x) for part in ("query", "key", "value"))
            x = attend(*sides, heads)
            inside = gelu(linear(p, f"{side}_inter.dense", x))
            return norm(
                p, f"{side}_output.LayerNorm", x + linear(p, f"{side}_output.dense", inside)
            )

        heard, seen = across(speech, image), across(image, speech)
        speech, image = alone(heard, "audio"), alone(seen, "visn")
        i += 1
    return mlp(w, "fc", torch.cat([speech[:, 0], image[:, 0]], -1))[:, 0]
