"""ESPnet's transducer decoder and joint network with the weights of ours, and its searches."""

import torch

from espnet_av.compat import BeamSearchTransducer, JointNetwork, TransducerDecoder


class OneTokenAFrame(torch.nn.Module):
    """A joint network for `tsd` with two symbols a frame: of the second, it is sure it is blank."""

    def __init__(self, joint, vocab_size, blank_id=0):
        super().__init__()
        self.joint, self.is_second = joint, True
        self.blank = torch.full((1, vocab_size), -torch.inf)
        self.blank[0, blank_id] = 0.0

    def forward(self, encoded, predicted):
        self.is_second = not self.is_second
        if self.is_second:
            return self.blank.expand(len(predicted), -1)
        return self.joint(encoded, predicted)


class EachText:
    """A language model, as `tsd` calls it, of a function (text, token) -> log-probability."""

    def __init__(self, score, vocab_size, blank_id=0):
        self.score, self.vocab_size, self.blank_id = score, vocab_size, blank_id

    def zero_state(self):
        return ()

    def batch_score(self, tokens, states, _):
        """`tokens` (B, 1) are the last ones of texts whose others are `states`."""
        last = tokens.flatten().tolist()
        texts = [
            (*state, token) if token != self.blank_id else state
            for state, token in zip(states, last, strict=True)
        ]
        scores = [[self.score(text, token) for token in range(self.vocab_size)] for text in texts]
        return torch.tensor(scores, dtype=torch.float64), texts


def espnet_transducer(model):
    """ESPnet's (decoder, joint network) for a model with an LSTM predictor."""
    layers, size = len(model.predictor.layers), model.predictor.output_size()
    decoder = TransducerDecoder(model.vocab_size, num_layers=layers, hidden_size=size)
    weights = model.predictor.state_dict().items()
    decoder.load_state_dict({name.replace("layers.", "decoder."): w for name, w in weights})
    encoder_size, joint_size = model.joiner.lin_enc.in_features, model.joiner.lin_enc.out_features
    joint = JointNetwork(model.vocab_size, encoder_size, size, joint_size, lin_dec_bias=False)
    joint.load_state_dict(model.joiner.state_dict())
    return decoder.eval(), joint.eval()


def greedy_search(model):
    """ESPnet's greedy search."""
    return BeamSearchTransducer(*espnet_transducer(model), beam_size=1)


def one_token_search(model, beam_size, *, nbest=1, score_norm=True, lm=None, lm_weight=0.0):
    """ESPnet's time-synchronous search where a token ends its frame."""
    decoder, joint = espnet_transducer(model)
    return BeamSearchTransducer(
        decoder,
        OneTokenAFrame(joint, model.vocab_size),
        beam_size,
        lm=lm,
        lm_weight=lm_weight,
        search_type="tsd",
        max_sym_exp=2,
        score_norm=score_norm,
        nbest=nbest,
    )
