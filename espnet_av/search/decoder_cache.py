"""One-token steps of ESPnet's transformer decoder for all utterances and hypotheses at once."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from espnet_av.compat import TransformerDecoder
from espnet_av.errors import ConfigError
from espnet_av.search.prefix_cache import LayerPrefix, PrefixTree, additive_mask, keep_rows


class IncrementalDecoder:
    """Runs a decoder token by token, keeping what does not change.

    ESPnet caches the layers' outputs and projects keys and values of the whole prefix, and of the
    encoder frames once per hypothesis, at every step. Here keys and values of the prefix are
    kept, and those of the frames are computed once per utterance and shared by its hypotheses. The
    weights stay where they are, in the modules of the given decoder.

    Shapes: B utterances, W hypotheses, T encoder frames, E tokens fed so far, D channels.
    """

    def __init__(self, decoder: TransformerDecoder, memory: Tensor, lengths: Tensor) -> None:
        """Project the encoder frames.

        Args:
            decoder: ESPnet's `TransformerDecoder` with an embedding and an output layer.
            memory: (B, T, D) float encoder output.
            lengths: (B,) int64, valid frames.

        Raises:
            ConfigError: another kind of decoder was given.
        """
        _check_supported(decoder)
        self._decoder = decoder
        frames = torch.arange(memory.size(1), device=memory.device)
        # (B, 1, 1, T): True = attend
        is_frame = (frames < lengths[:, None])[:, None, None, :]
        self._frame_mask = additive_mask(is_frame, memory.dtype)
        self._sources = [_project_keys(layer.src_attn, memory) for layer in decoder.decoders]
        shapes = [(layer.self_attn.h, layer.self_attn.d_k) for layer in decoder.decoders]
        self._prefixes = PrefixTree([LayerPrefix(memory, *shape) for shape in shapes], memory)
        self._position = 0

    @property
    def num_positions(self) -> int:
        """Most tokens that can be fed; where positions are computed, more than anybody needs."""
        return int(getattr(self._decoder.embed[1], "num_positions", sys.maxsize))

    def step(self, tokens: Tensor) -> Tensor:
        """Feed the newest token (B, W) int64; returns log-probabilities (B, W, V) of the next."""
        x = self._embed(tokens)
        self._prefix_mask = self._prefixes.grow(tokens.size(1))
        for index, layer in enumerate(self._decoder.decoders):
            x = self._run_layer(index, layer, x)
        if self._decoder.normalize_before:
            x = self._decoder.after_norm(x)
        self._position += 1
        return torch.log_softmax(self._decoder.output_layer(x), dim=-1)

    def keep(self, utts: Tensor, parents: Tensor) -> None:
        """Go on with utterances `utts` (B',) and their hypotheses `parents` (B', W')."""
        if utts.numel() != self._frame_mask.size(0):
            self._frame_mask = keep_rows(self._frame_mask, utts)
            self._sources = [(keep_rows(k, utts), keep_rows(v, utts)) for k, v in self._sources]
        self._prefixes.keep(utts, parents)

    def _embed(self, tokens: Tensor) -> Tensor:
        table, positions = self._decoder.embed[0], self._decoder.embed[1]
        # ESPnet makes the table longer, and moves it to the device, when a tensor asks for it.
        needed = torch.empty(1, self._position + 1, dtype=table.weight.dtype, device=tokens.device)
        positions.extend_pe(needed)
        x = table(tokens) * positions.xscale + positions.pe[:, self._position]
        norm = getattr(positions, "norm", None)
        return x if norm is None else norm(x)

    def _run_layer(self, index: int, layer: Any, x: Tensor) -> Tensor:
        before = layer.normalize_before
        query = layer.norm1(x) if before else x
        attended = self._attend_prefix(index, layer.self_attn, query)
        x = x + _merge(layer, "concat_linear1", query, attended)
        x = x if before else layer.norm1(x)
        query = layer.norm2(x) if before else x
        attended = self._attend_memory(index, layer.src_attn, query)
        x = x + _merge(layer, "concat_linear2", query, attended)
        x = x if before else layer.norm2(x)
        x = x + layer.feed_forward(layer.norm3(x) if before else x)
        return x if before else layer.norm3(x)

    def _attend_prefix(self, index: int, attention: Any, query: Tensor) -> Tensor:
        keys, values = self._prefixes.layers[index].append(*_project_keys(attention, query))
        return _attend(attention, query, keys, values, self._prefix_mask)

    def _attend_memory(self, index: int, attention: Any, query: Tensor) -> Tensor:
        return _attend(attention, query, *self._sources[index], self._frame_mask)


def _attend(attention: Any, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor) -> Tensor:
    """The hypotheses of an utterance take the place of the query's time axis."""
    queries = attention.q_norm(_split_heads(attention, attention.linear_q(query)))
    attended = scaled_dot_product_attention(queries, keys, values, attn_mask=mask)
    return attention.linear_out(attended.transpose(1, 2).reshape(query.shape))


def _check_supported(decoder: Any) -> None:
    has_position_table = isinstance(decoder, TransformerDecoder) and hasattr(
        decoder.embed[-1], "xscale"
    )
    if not has_position_table or decoder.output_layer is None:
        msg = (
            f"decoder {type(decoder).__name__}: the joint search runs ESPnet's TransformerDecoder "
            "with input_layer 'embed', sinusoidal positions and an output layer; "
            "use 'method: ctc_prefix' for this model"
        )
        raise ConfigError(msg)


def _split_heads(attention: Any, x: Tensor) -> Tensor:
    """(N, L, D) -> (N, heads, L, D / heads)."""
    return x.view(x.size(0), x.size(1), attention.h, attention.d_k).transpose(1, 2)


def _project_keys(attention: Any, x: Tensor) -> tuple[Tensor, Tensor]:
    keys = attention.k_norm(_split_heads(attention, attention.linear_k(x)))
    return keys, _split_heads(attention, attention.linear_v(x)).contiguous()


def _merge(layer: Any, linear: str, query: Tensor, attended: Tensor) -> Tensor:
    """Attention output, or its projection together with the query when the layer concatenates."""
    if not layer.concat_after:
        return attended
    return getattr(layer, linear)(torch.cat((query, attended), dim=-1))
