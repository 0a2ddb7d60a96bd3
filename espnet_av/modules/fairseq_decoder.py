"""The Transformer decoders of AV-HuBERT, MuAViC and mBART, in the shape of ESPnet's."""

from typing import Literal

from torch import nn
from typeguard import typechecked

from espnet_av.compat import TransformerDecoder
from espnet_av.modules.text_positions import HalvesPositions, LearnedPositions

NORM_EPS = 1e-5
"""Of every LayerNorm; ESPnet's own has 1e-12."""


class FairseqTransformerDecoder(TransformerDecoder):
    """Pre-norm decoder with one embedding for input and output (arXiv 2201.02184, appendix).

    Differences from ESPnet's: its size is its own, keys and values of the cross attention come
    from the encoder's size; the output layer is the embedding matrix, without bias; embeddings are
    not scaled; positions begin at 2, sines fill the first half of a vector and cosines the second.
    mBART's (2001.08210) has the last three arguments changed. The search runs it as it runs
    ESPnet's.

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
        positions: computed, or `learned`.
        max_positions: longest text with learned positions.
        scale_embedding: multiply embeddings by the root of `size`.
        norm_embedding: layer norm on embeddings with their positions.
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
        positions: Literal["sinusoidal", "learned"] = "sinusoidal",
        max_positions: int = 1024,
        scale_embedding: bool = False,
        norm_embedding: bool = False,
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
        shape = (size, dropout_rate, scale_embedding, norm_embedding)
        self.embed[1] = (
            LearnedPositions(max_positions, *shape)
            if positions == "learned"
            else HalvesPositions(*shape)
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
