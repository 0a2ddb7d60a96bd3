"""The Transformer decoder of AV-HuBERT and MuAViC, in the shape of ESPnet's."""

import math

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import TransformerDecoder

FIRST_POSITION = 2
"""fairseq counts positions from its padding id, 1, plus one."""
FIRST_TABLE = 1024
"""Positions computed at first; the table grows when a longer text comes."""
NORM_EPS = 1e-5
"""Of every LayerNorm; ESPnet's own has 1e-12."""


class FairseqTransformerDecoder(TransformerDecoder):
    """Pre-norm decoder with one embedding for input and output (arXiv 2201.02184, appendix).

    Differences from ESPnet's: its size is its own, keys and values of the cross attention come
    from the encoder's size; the output layer is the embedding matrix, without bias; embeddings are
    not scaled; positions begin at 2, sines fill the first half of a vector and cosines the second.
    The search runs it as it runs ESPnet's.

    Args:
        vocab_size: V, blank and end of sentence included.
        encoder_output_size: D of the encoder.
        size: channels of the decoder.
        attention_heads: of both attentions.
        linear_units: of the feed-forward layers.
        num_blocks: layers.
        dropout_rate: on the embeddings and on what each block adds.
        activation_dropout_rate: inside the feed-forward layers.
        attention_dropout_rate: on the weights of both attentions.
    """

    @typechecked
    def __init__(
        self,
        vocab_size: int,
        encoder_output_size: int,
        size: int = 768,
        attention_heads: int = 4,
        linear_units: int = 3072,
        num_blocks: int = 6,
        dropout_rate: float = 0.1,
        activation_dropout_rate: float = 0.1,
        attention_dropout_rate: float = 0.0,
    ) -> None:
        super().__init__(
            vocab_size=vocab_size,
            encoder_output_size=size,
            attention_heads=attention_heads,
            linear_units=linear_units,
            num_blocks=num_blocks,
            dropout_rate=dropout_rate,
            positional_dropout_rate=dropout_rate,
            self_attention_dropout_rate=attention_dropout_rate,
            src_attention_dropout_rate=attention_dropout_rate,
            pos_enc_class=HalvesPositions,
            use_flash_attn=False,
        )
        for layer in self.decoders:
            layer.src_attn.linear_k = nn.Linear(encoder_output_size, size)
            layer.src_attn.linear_v = nn.Linear(encoder_output_size, size)
            layer.feed_forward.dropout.p = activation_dropout_rate
        for module in self.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = NORM_EPS
            elif isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)
        # The table is input and output: with variance 1 / size the first logits are of order 1.
        nn.init.normal_(self.embed[0].weight, std=size**-0.5)
        self.output_layer = nn.Linear(size, vocab_size, bias=False)
        self.output_layer.weight = self.embed[0].weight


class HalvesPositions(nn.Module):
    """Adds sinusoidal positions, sines first and cosines after them, counted from 2.

    Args:
        size: D, even.
        dropout_rate: on the sum.
    """

    xscale = 1.0
    """ESPnet's name for the factor of the embeddings."""

    def __init__(self, size: int, dropout_rate: float) -> None:
        super().__init__()
        self.size = size
        self.dropout = nn.Dropout(dropout_rate)
        self.pe = torch.empty(1, 0, size)

    def extend_pe(self, x: Tensor) -> None:
        """Makes the table as long as (B, L, D), of its type and on its device."""
        if self.pe.size(1) < x.size(1):
            self.pe = position_table(max(FIRST_TABLE, 2 * x.size(1)), self.size, x.device)
        self.pe = self.pe.to(x.device, x.dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(B, L, D) -> (B, L, D)."""
        self.extend_pe(x)
        return self.dropout(x + self.pe[:, : x.size(1)])


def position_table(num_positions: int, size: int, device: torch.device) -> Tensor:
    """(1, L, D) float32: sin(p w) and cos(p w) of positions p from 2, w from 1 down to 1e-4."""
    half = size // 2
    steps = -math.log(10000.0) / max(half - 1, 1)
    rates = torch.exp(torch.arange(half, device=device) * steps)
    positions = torch.arange(num_positions, device=device) + FIRST_POSITION
    # (L, 1) * (D / 2,) -> (L, D / 2)
    angles = positions.unsqueeze(1) * rates
    return torch.cat([angles.sin(), angles.cos()], dim=1).unsqueeze(0)
