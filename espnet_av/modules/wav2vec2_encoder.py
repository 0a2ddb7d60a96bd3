"""The transformer of wav2vec 2.0, XLS-R, HuBERT and AV-HuBERT as an ESPnet encoder."""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from typeguard import typechecked

from espnet_av.compat import AbsEncoder
from espnet_av.errors import ConfigError
from espnet_av.modules.adapter import BottleneckAdapter
from espnet_av.modules.bert_layer import init_linear
from espnet_av.modules.positional_conv import PositionalConv
from espnet_av.modules.wav2vec2_layer import Wav2Vec2Layer
from espnet_av.modules.zero_gradient import zero_touch
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.seeding import mix_seed


class Wav2Vec2Encoder(AbsEncoder):
    """Positional convolution -> transformer layers (arXiv 2006.11477); any frame rate, size D kept.

    Parameters carry fairseq's names. A layer that layerdrop skips still gets zero gradients, so
    that DistributedDataParallel and the optimiser treat it like any other.

    Args:
        input_size: D of the features, and of the output.
        num_layers: 12 base, 24 large and 300M, 48 in 1B and 2B.
        attention_heads: 12 base, 16 the others.
        linear_units: inside the feed-forward block; 3072, 4096, 5120, 7680.
        dropout_rate: on the output of each block and of the positional convolution.
        attention_dropout_rate: on attention weights.
        activation_dropout_rate: inside the feed-forward block.
        layerdrop: probability that a training step skips a layer (arXiv 1909.11556).
        pre_norm: layer norm before each block and after the last layer (stable layer norm); else
            after each block and before the first layer (base).
        pos_conv_kernel: taps of the positional convolution, in frames.
        pos_conv_groups: its groups.
        checkpoint_layers: keep only the input of each layer and compute its inside again in the
            backward pass: less memory, a third more time.
        adapter_size: inner size of adapters behind attention and feed-forward of each layer, which
            learn while all else is frozen; 0 = none.

    Raises:
        ConfigError: the sizes do not fit together, or a rate is no probability.
    """

    @typechecked
    def __init__(
        self,
        input_size: int,
        num_layers: int = 12,
        attention_heads: int = 12,
        linear_units: int = 3072,
        dropout_rate: float = 0.1,
        attention_dropout_rate: float = 0.1,
        activation_dropout_rate: float = 0.0,
        layerdrop: float = 0.05,
        pre_norm: bool = True,
        pos_conv_kernel: int = 128,
        pos_conv_groups: int = 16,
        checkpoint_layers: bool = False,
        adapter_size: int = 0,
    ) -> None:
        super().__init__()
        _check_divides("attention_heads", attention_heads, input_size)
        _check_divides("pos_conv_groups", pos_conv_groups, input_size)
        if min(num_layers, pos_conv_kernel, adapter_size + 1) < 1 or not 0.0 <= layerdrop < 1.0:
            msg = (
                f"num_layers {num_layers} and pos_conv_kernel {pos_conv_kernel} must be 1 or more, "
                f"adapter_size {adapter_size} 0 or more, layerdrop {layerdrop} in 0..1, below 1"
            )
            raise ConfigError(msg)
        self.layerdrop, self.pre_norm = layerdrop, pre_norm
        self.checkpoint_layers = checkpoint_layers
        self._output_size = input_size
        self._step_seed: int | None = None
        self.pos_conv = PositionalConv(input_size, pos_conv_kernel, pos_conv_groups)
        self.dropout = nn.Dropout(dropout_rate)
        rates = (dropout_rate, attention_dropout_rate, activation_dropout_rate)
        self.layers = nn.ModuleList(
            Wav2Vec2Layer(
                input_size,
                attention_heads,
                linear_units,
                *rates,
                pre_norm,
                adapter_size=adapter_size,
            )
            for _ in range(num_layers)
        )
        self.layer_norm = nn.LayerNorm(input_size)
        init_linear(self.layers)
        for module in self.layers.modules():
            if isinstance(module, BottleneckAdapter):
                module.make_identity()
        self.always_kept: frozenset[int] = frozenset()
        """Layers (from 1) that layerdrop never skips: something else is read off them."""

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def set_step(self, step: int, rank: int = 0, seed: int = 0) -> None:
        """Makes the layerdrop of the next `forward` a function of step and run seed.

        Every rank skips the same layers: sharded training gathers a layer's weights on all ranks
        at once, and would wait for ever for a rank that skips it. Without this call the draws
        come from torch's default CPU generator.

        Args:
            step: number of the micro-batch since the start of training.
            rank: of the process; has no influence, see above.
            seed: of the run.
        """
        self._step_seed = mix_seed(seed, step)

    def forward(
        self, xs_pad: Tensor, ilens: Tensor, prev_states: Tensor | None = None
    ) -> tuple[Tensor, Tensor, None]:
        """Encodes a batch.

        Args:
            xs_pad: (B, T, D), arbitrary beyond each length.
            ilens: (B,) int64 frames; on the CPU, a batch without padding is noticed for free.
            prev_states: unused, part of ESPnet's interface.

        Returns:
            ((B, T, D) arbitrary beyond each length, `ilens`, None).
        """
        return self.layer_outputs(xs_pad, ilens, [None])[0], ilens, None

    def layer_outputs(
        self,
        x: Tensor,
        lengths: Tensor,
        layers: Sequence[int | None],
        prefix: Tensor | None = None,
    ) -> list[Tensor]:
        """The residual stream after layers, before the norm that follows the last one.

        Args:
            x: (B, T, D), as in `forward`.
            lengths: (B,) int64.
            layers: from 1, no layer above the highest is run; 0 = what the first one gets; None =
                the output of `forward`.
            prefix: (B, P, D) vectors that come in front behind the positional convolution, so that
                they have no place in time; None: P = 0.

        Returns:
            (B, P + T, D) of each, arbitrary beyond each length.

        Raises:
            ConfigError: there is no such layer.
        """
        numbers = [len(self.layers) if layer is None else layer for layer in layers]
        for number in numbers:
            if not 0 <= number <= len(self.layers):
                msg = f"layer {number} is asked for, but the encoder has layers 1 to "
                raise ConfigError(msg + str(len(self.layers)) + ", and 0, what the first one gets")
        streams = self._run(x, lengths, set(numbers), prefix)
        return [
            self.layer_norm(streams[number]) if layer is None and self.pre_norm else streams[number]
            for layer, number in zip(layers, numbers, strict=True)
        ]

    def _run(
        self, x: Tensor, lengths: Tensor, wanted: Collection[int], prefix: Tensor | None
    ) -> dict[int, Tensor]:
        """Positional convolution and the layers up to the last one that is wanted."""
        mask = None
        if lengths.device.type != "cpu" or bool((lengths < x.size(1)).any()):
            valid = valid_mask(lengths, x.size(1), x.device)
            x = torch.where(valid.unsqueeze(2), x, 0.0)
            # Softmax over no frame at all is NaN; whoever has no frame sees the first one.
            front = 0 if prefix is None else prefix.size(1)
            seen = (lengths + front).clamp(min=1)
            mask = valid_mask(seen, x.size(1) + front, x.device)[:, None, None]
        x = x + self.pos_conv(x)
        if prefix is not None:
            x = torch.cat([prefix.to(x.dtype), x], dim=1)
        x = self.dropout(x if self.pre_norm else self.layer_norm(x))
        streams = {0: x}
        for number, kept in enumerate(self._draw_kept(max(wanted)), start=1):
            layer = self.layers[number - 1]
            if not kept:
                x = x + zero_touch(layer)
            elif self.checkpoint_layers and torch.is_grad_enabled():
                x = checkpoint(layer, x, mask, use_reentrant=False)
            else:
                x = layer(x, mask)
            if number in wanted:
                streams[number] = x
        return streams

    def _draw_kept(self, num_layers: int) -> list[bool]:
        """Which of the first `num_layers` layers this pass runs."""
        if not self.training or self.layerdrop == 0.0:
            return [True] * num_layers
        generator = None
        if self._step_seed is not None:
            generator = torch.Generator().manual_seed(self._step_seed)
        draws = torch.rand(len(self.layers), generator=generator, device="cpu")
        kept = (draws >= self.layerdrop)[:num_layers].tolist()
        return [keep or number in self.always_kept for number, keep in enumerate(kept, start=1)]


def _check_divides(name: str, parts: int, size: int) -> None:
    """Refuses a number of heads or groups that does not divide the feature size."""
    if parts < 1 or size % parts:
        near = max(n for n in range(1, max(2, min(parts, size) + 1)) if size % n == 0)
        msg = f"{name} is {parts}, which does not divide the feature size {size}; try {near}"
        raise ConfigError(msg)
