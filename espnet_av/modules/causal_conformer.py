"""ESPnet's Conformer for streaming: no frame depends on what comes after it."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import ConformerEncoder
from espnet_av.errors import ConfigError


class CausalConformerEncoder(ConformerEncoder):
    """Conformer whose attention and convolutions see the current and some past frames.

    The layers are ESPnet's, with its parameter names; only the mask of the attention and the
    padding of the convolutions differ. The streaming models of BEST-RQ (arXiv 2202.01855) have
    `past_frames` 64 and `conv_past_frames` 3. One of their two pre-trainings lets the convolutions
    see 3 future frames too, which fine-tuning drops: set `drop_future` there.

    Args:
        input_size: D of the features.
        output_size: size of the layers.
        attention_heads: heads.
        linear_units: inner size of the feed-forward parts.
        num_blocks: layers.
        dropout_rate: in and after all parts of a layer.
        positional_dropout_rate: after the positional encoding.
        attention_dropout_rate: on attention weights.
        input_layer: `linear`, or none.
        macaron_style: a feed-forward part on both sides of the attention, as Conformers have.
        past_frames: frames before the current one that attention sees in each layer.
        conv_past_frames: the same for the convolutions.
        conv_future_frames: frames after the current one that the convolutions see.
        drop_future: leave those out, though there are weights for them.
        interctc_layer_idx: 1-based layers whose output is wanted too.
        max_pos_emb_len: frames for which positions are computed beforehand.
    """

    @typechecked
    def __init__(
        self,
        input_size: int,
        output_size: int = 256,
        attention_heads: int = 4,
        linear_units: int = 2048,
        num_blocks: int = 6,
        dropout_rate: float = 0.1,
        positional_dropout_rate: float = 0.1,
        attention_dropout_rate: float = 0.0,
        input_layer: str | None = "linear",
        macaron_style: bool = True,
        past_frames: int = 64,
        conv_past_frames: int = 3,
        conv_future_frames: int = 0,
        drop_future: bool = False,
        interctc_layer_idx: list[int] | None = None,
        max_pos_emb_len: int = 5000,
    ) -> None:
        if min(past_frames, conv_past_frames, conv_future_frames) < 0:
            msg = (
                f"past_frames {past_frames}, conv_past_frames {conv_past_frames} and "
                f"conv_future_frames {conv_future_frames} must be 0 or more; BEST-RQ has 64, 3 and "
                "0 or 3"
            )
            raise ConfigError(msg)
        super().__init__(
            input_size=input_size,
            output_size=output_size,
            attention_heads=attention_heads,
            linear_units=linear_units,
            num_blocks=num_blocks,
            dropout_rate=dropout_rate,
            positional_dropout_rate=positional_dropout_rate,
            attention_dropout_rate=attention_dropout_rate,
            input_layer=input_layer,
            macaron_style=macaron_style,
            rel_pos_type="latest",
            cnn_module_kernel=1,
            interctc_layer_idx=interctc_layer_idx or [],
            max_pos_emb_len=max_pos_emb_len,
        )
        band = BandMask(past_frames)
        for layer in self.encoders:
            layer.self_attn.register_forward_pre_hook(band)
            layer.conv_module.depthwise_conv = CausalConv(
                output_size, conv_past_frames, conv_future_frames, drop_future
            )


class BandMask:
    """Forward pre-hook of ESPnet's attention: hides what is later, and what is too long ago.

    Args:
        past_frames: frames before the current one that are seen.
    """

    def __init__(self, past_frames: int) -> None:
        self.past_frames = past_frames

    def __call__(self, _: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """(query, .., mask (B, 1, T) bool) -> the same with a mask (B, T, T), [query, key]."""
        *others, mask = args
        steps = torch.arange(mask.size(2), device=mask.device)
        age = steps[:, None] - steps
        return (*others, mask & (age >= 0) & (age <= self.past_frames))


class CausalConv(nn.Conv1d):
    """Depthwise convolution over past, current and, if wanted, future frames.

    Args:
        channels: C.
        past: frames before the current one.
        future: frames after it.
        drop_future: do not use the weights of those.
    """

    def __init__(self, channels: int, past: int, future: int, drop_future: bool) -> None:
        super().__init__(channels, channels, past + 1 + future, groups=channels)
        self.past, self.future = past, 0 if drop_future else future

    def forward(self, input: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T)."""
        weight = self.weight[:, :, : self.past + 1 + self.future]
        padded = F.pad(input, (self.past, self.future))
        return F.conv1d(padded, weight, self.bias, groups=self.groups)
