"""A Conformer over the frames that are left when others are taken away, each at its own time."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.compat import AbsEncoder
from espnet_av.errors import ConfigError
from espnet_av.ops.exact_mask import kept_first


def check_absolute(encoder_conf: dict[str, Any]) -> None:
    """Check that positions can be those of the frames that are left.

    Raises:
        ConfigError: they are relative to neighbours, who are gone.
    """
    if encoder_conf.get("pos_enc_layer_type") != "abs_pos":
        msg = (
            "masked_speech: drop needs absolute positions; set encoder_conf: {pos_enc_layer_type: "
            "abs_pos, selfattention_layer_type: selfattn}, or masked_speech: zero"
        )
        raise ConfigError(msg)


def encode_kept(encoder: AbsEncoder, frames: Tensor, lengths: Tensor, masked: Tensor) -> Tensor:
    """Runs ESPnet's Conformer without the hidden frames.

    Args:
        encoder: with absolute positions.
        frames: (B, T, D).
        lengths: (B,) int64 frames, on the CPU.
        masked: (B, T) bool, True = hidden, on the CPU.

    Returns:
        (B, T, D'), 0 where a frame is hidden.
    """
    places, counts = kept_first(masked, lengths)
    places = places.to(frames.device, non_blocking=True)
    kept = frames.gather(1, places.unsqueeze(2).expand(-1, -1, frames.size(2)))
    positions = encoder.get_submodule("embed")[-1]  # type: ignore[index]

    def at_their_times(module: nn.Module, args: tuple[Tensor], _: Tensor) -> Tensor:
        table: Any = module
        table.extend_pe(args[0].new_zeros(1, frames.size(1)))
        moved: Tensor = table.dropout(args[0] * table.xscale + table.pe[0][places])
        return moved

    with positions.register_forward_hook(at_their_times):
        encoded = encoder(kept, counts)[0]
    # Beyond the number of an utterance, places are those of hidden frames.
    inside = torch.arange(places.size(1)) < counts.unsqueeze(1)
    encoded = encoded * inside.unsqueeze(2).to(encoded.device, non_blocking=True)
    whole = encoded.new_zeros(*frames.shape[:2], encoded.size(2))
    return whole.scatter(1, places.unsqueeze(2).expand_as(encoded), encoded)
