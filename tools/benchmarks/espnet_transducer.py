"""ESPnet's transducer searches on the weights of a model of this package."""

from typing import Any

import torch
from torch import Tensor, nn

from espnet_av.compat import BeamSearchTransducer, JointNetwork, TransducerDecoder


class OneTokenAFrame(nn.Module):
    """A joint network for `tsd` with two symbols a frame: of the second, it is sure it is blank.

    Args:
        joint: says what the first one is.
        vocab_size: V, blank included.
        blank_id: id of the blank.
    """

    def __init__(self, joint: nn.Module, vocab_size: int, blank_id: int) -> None:
        super().__init__()
        blank = torch.full((1, vocab_size), -torch.inf)
        blank[0, blank_id] = 0.0
        self.register_buffer("blank", blank)
        self.joint, self.is_second = joint, True

    def forward(self, encoded: Tensor, predicted: Tensor) -> Tensor:
        """(1, D) and (W, P) -> (W, V), for the first and the second symbol of a frame in turn."""
        self.is_second = not self.is_second
        if self.is_second:
            return self.blank.expand(len(predicted), -1)
        return self.joint(encoded, predicted)


def espnet_parts(model: Any) -> tuple[nn.Module, nn.Module]:
    """ESPnet's (decoder, joint network) for a model with an LSTM predictor."""
    layers, size = len(model.predictor.layers), model.predictor.output_size()
    decoder = TransducerDecoder(model.vocab_size, num_layers=layers, hidden_size=size)
    weights = model.predictor.state_dict().items()
    decoder.load_state_dict({name.replace("layers.", "decoder."): w for name, w in weights})
    encoder_size, joint_size = model.joiner.lin_enc.in_features, model.joiner.lin_enc.out_features
    joint = JointNetwork(model.vocab_size, encoder_size, size, joint_size, lin_dec_bias=False)
    joint.load_state_dict(model.joiner.state_dict())
    device = model.joiner.lin_enc.weight.device
    return decoder.eval().to(device), joint.eval().to(device)


def greedy_search(model: Any) -> BeamSearchTransducer:
    """ESPnet's greedy search."""
    return BeamSearchTransducer(*espnet_parts(model), beam_size=1)


def one_token_search(model: Any, beam_size: int, **options: Any) -> BeamSearchTransducer:
    """ESPnet's time-synchronous search where a token ends its frame."""
    decoder, joint = espnet_parts(model)
    return BeamSearchTransducer(
        decoder,
        OneTokenAFrame(joint, model.vocab_size, model.blank_id).to(joint.lin_enc.weight.device),
        beam_size,
        search_type="tsd",
        max_sym_exp=2,
        **options,
    )
