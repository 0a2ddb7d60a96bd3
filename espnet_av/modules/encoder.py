"""Encoders by name, ESPnet's and wav2vec 2.0's; none changes the length of its input."""

import inspect
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from typeguard import TypeCheckError

from espnet_av.compat import (
    AbsEncoder,
    BranchformerEncoder,
    ConformerEncoder,
    EBranchformerEncoder,
    MultiConvConformerEncoder,
    RNNEncoder,
    TransformerEncoder,
)
from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError
from espnet_av.modules.causal_conformer import CausalConformerEncoder
from espnet_av.modules.conv_padding import ConvPadding
from espnet_av.modules.packed_gru import use_packed_gru
from espnet_av.modules.transducer.lstm_precision import with_lstm_kernel
from espnet_av.modules.wav2vec2_encoder import Wav2Vec2Encoder


class SortingRNNEncoder(RNNEncoder):
    """ESPnet's RNN encoder for batches in any order, and without dropout in evaluation.

    ESPnet's packs sequences and wants them sorted; its projections (`RNNP`) call `F.dropout`
    without the training flag, so that a trained model would give other results at each call.
    """

    def forward(
        self, xs_pad: Tensor, ilens: Tensor, prev_states: Any = None
    ) -> tuple[Tensor, Tensor, Any]:
        """(B, T, D), (B,) lengths -> (B, T, D'), (B,) lengths on the CPU, sorted states."""
        for layer in self.enc:
            if isinstance(getattr(layer, "dropout", None), float):
                rate = layer.__dict__.setdefault("training_dropout", layer.dropout)
                layer.dropout = rate if self.training else 0.0
        lengths, order = ilens.cpu().sort(descending=True, stable=True)
        layers = partial(super().forward, ilens=lengths)
        output, lengths, states = with_lstm_kernel(layers, xs_pad[order.to(xs_pad.device)])
        back = order.argsort()
        return output[back.to(output.device)], lengths[back], states


ENCODERS: dict[str, tuple[type[AbsEncoder], dict[str, Any]]] = {
    "conformer": (ConformerEncoder, {"input_layer": "linear", "rel_pos_type": "latest"}),
    "causal_conformer": (CausalConformerEncoder, {}),
    "e_branchformer": (EBranchformerEncoder, {"input_layer": "linear"}),
    "branchformer": (BranchformerEncoder, {"input_layer": "linear"}),
    "multiconv_conformer": (
        MultiConvConformerEncoder,
        {"input_layer": "linear", "rel_pos_type": "latest"},
    ),
    "transformer": (TransformerEncoder, {"input_layer": "linear"}),
    "rnn": (SortingRNNEncoder, {"subsample": None}),
    "wav2vec2": (Wav2Vec2Encoder, {}),
}
"""ESPnet's name -> (class, defaults of ours: no subsampling, no deprecated positional encoding);
`causal_conformer` and `wav2vec2` are our own."""


NO_INPUT_LAYER = ("conformer", "causal_conformer", "e_branchformer")
"""Encoders that can do with a positional encoding alone before their layers (`input_layer: none`);
ESPnet's others would lose that too, or refuse."""

PROBE_FRAMES = 64
"""Frames with which a new encoder is asked whether it keeps the frame rate."""


def build_encoder(
    name: str, input_size: int, conf: dict[str, Any], interctc_layers: list[int]
) -> AbsEncoder:
    """Builds an encoder whose output has as many frames as its input.

    Args:
        name: a key of `ENCODERS`.
        input_size: D of the features.
        conf: arguments of the class, as in ESPnet's `encoder_conf`; `input_layer: none` leaves out
            the projection and its norm, for features that are already as the layers want them,
            such as those of ESPnet's own subsampling.
        interctc_layers: 1-based layers whose output is wanted too.

    Raises:
        ConfigError: an argument is unknown (the nearest is named), has the wrong type, or the
            encoder has no intermediate outputs.
    """
    encoder_class, defaults = ENCODERS[name]
    arguments = {**defaults, **conf}
    valid = encoder_arguments(encoder_class)
    if interctc_layers:
        if "interctc_layer_idx" not in valid:
            msg = f"encoder {name} has no intermediate outputs; remove interctc_layers"
            raise ConfigError(msg)
        arguments["interctc_layer_idx"] = interctc_layers
    for key in arguments:
        if key not in valid:
            raise ConfigError(unknown_key_message(key, valid, f"encoder_conf of {name}"))
    if arguments.get("input_layer", "") in ("none", None):
        _check_no_input_layer(name, encoder_class, input_size, arguments)
        arguments["input_layer"] = None
    try:
        encoder = encoder_class(input_size=input_size, **arguments)
        if isinstance(encoder, Wav2Vec2Encoder):
            return encoder  # it keeps length and padding by itself
        num_frames = _frames_out(encoder, input_size)
    except (TypeCheckError, TypeError, ValueError, AssertionError, RuntimeError) as error:
        msg = f"encoder_conf of {name}: {error or arguments}"
        raise ConfigError(msg) from error
    if num_frames != PROBE_FRAMES:
        msg = (
            f"encoder_conf of {name}: {PROBE_FRAMES} frames in give {num_frames} out, but the "
            "front ends already deliver 25 Hz; use input_layer linear or subsample null"
        )
        raise ConfigError(msg)
    ConvPadding(encoder)
    use_packed_gru(encoder)
    return encoder


def num_layers(encoder: AbsEncoder) -> int:
    """How many layers `layer_outputs` knows; 0: the encoder has none with numbers."""
    return len(_layers(encoder))


def layer_outputs(
    encoder: AbsEncoder, features: Tensor, lengths: Tensor, layers: Sequence[int | None]
) -> list[Tensor]:
    """What layers of an encoder give, before the norm that follows the last one.

    Args:
        encoder: from `build_encoder`.
        features: (B, T, D), arbitrary beyond each length.
        lengths: (B,) int64 frames, on the CPU.
        layers: from 1; 0 = what the first one gets; None = the output of the encoder.

    Returns:
        (B, T, D') of each, arbitrary beyond each length.

    Raises:
        ConfigError: there is no such layer.
    """
    if isinstance(encoder, Wav2Vec2Encoder):
        return encoder.layer_outputs(features, lengths, layers)
    parts = _layers(encoder)
    found: dict[int | None, Tensor] = {}
    with ExitStack() as hooks:
        for layer in {number for number in layers if number is not None}:
            if not (1 <= layer <= len(parts) or (layer == 0 and parts)):
                msg = f"layer {layer} is asked for, but the encoder has layers 1 to {len(parts)}"
                raise ConfigError(msg + ", and 0, what the first one gets")
            if layer == 0:
                first = partial(_keep_input, found)
                hooks.enter_context(parts[0].register_forward_pre_hook(first))
                continue
            hook = partial(_keep_output, found, layer)
            hooks.enter_context(parts[layer - 1].register_forward_hook(hook))
        out = encoder(features, lengths)[0]
    # With intermediate outputs ESPnet returns (last, [(layer, output), ...]).
    found[None] = out[0] if isinstance(out, tuple) else out
    return [found[layer] for layer in layers]


def _layers(encoder: AbsEncoder) -> Sequence[nn.Module]:
    if isinstance(encoder, Wav2Vec2Encoder):
        return list(encoder.layers)
    return list(dict(encoder.named_children()).get("encoders", nn.Module()).children())


def _keep_output(
    found: dict[int | None, Tensor], layer: int, module: nn.Module, inputs: Any, outputs: Any
) -> None:
    # With relative positions, layers pass on ((features, positions), mask).
    features = outputs[0]
    found[layer] = features[0] if isinstance(features, tuple) else features


def _keep_input(found: dict[int | None, Tensor], module: nn.Module, inputs: Any) -> None:
    found[0] = inputs[0][0] if isinstance(inputs[0], tuple) else inputs[0]


def encoder_arguments(encoder_class: type[AbsEncoder]) -> list[str]:
    """Names that `encoder_conf` may use."""
    parameters = list(inspect.signature(encoder_class.__init__).parameters)
    return [name for name in parameters if name not in ("self", "input_size")]


def _check_no_input_layer(
    name: str, encoder_class: type[AbsEncoder], input_size: int, arguments: dict[str, Any]
) -> None:
    """Raises ConfigError if the encoder needs a projection: by its kind or because sizes differ."""
    if name not in NO_INPUT_LAYER:
        msg = f"encoder_conf of {name}: input_layer none is for {', '.join(NO_INPUT_LAYER)} only"
        raise ConfigError(msg)
    default = inspect.signature(encoder_class.__init__).parameters["output_size"].default
    output_size = arguments.get("output_size", default)
    if output_size != input_size:
        msg = (
            f"encoder_conf of {name}: input_layer none changes no size, but features have "
            f"{input_size} and output_size is {output_size}; make feature_size {output_size}, or "
            "use input_layer linear"
        )
        raise ConfigError(msg)


def _frames_out(encoder: AbsEncoder, input_size: int) -> int:
    """Length that the encoder reports for `PROBE_FRAMES` frames; on the meta device, that."""
    if any(parameter.is_meta for parameter in encoder.parameters()):
        return PROBE_FRAMES
    training = encoder.training
    encoder.eval()
    with torch.no_grad():
        features = torch.zeros(1, PROBE_FRAMES, input_size)
        lengths = encoder(features, torch.tensor([PROBE_FRAMES]))[1]
    encoder.train(training)
    return int(lengths[0])
