"""Small transducers for the batches of `av_batch`, and their loss one utterance at a time."""

import dataclasses

import torch
from oracles import av_batch

from espnet_av.models.abs_model import Sizes
from espnet_av.models.recogniser import RecogniserConfig
from espnet_av.models.transducer import TransducerConfig, TransducerModel


def config(**changes):
    """A transducer of a few thousand parameters with every loss switched on, without dropout."""
    shared = av_batch.config()
    values = {
        name.name: getattr(shared, name.name) for name in dataclasses.fields(RecogniserConfig)
    }
    values |= {"predictor_conf": {"hidden_size": 6}, "joint_size": 10}
    return TransducerConfig(**{**values, **changes})


def model(seed=0, **changes):
    """The model of `config`, with fixed random weights."""
    torch.manual_seed(seed)
    made = TransducerModel.from_config(
        config(**changes), Sizes(vocab=av_batch.VOCAB_SIZE, units=av_batch.NUM_UNITS)
    )
    if made.config.fusion == "sum":
        # It starts deaf to the lips, which would prove nothing about them.
        torch.nn.init.normal_(made.frontend.fusion.project.weight)
    return made


def logits(model, frames, tokens):
    """(T, U + 1, V) logits of one utterance, token by token."""
    output, state = model.predictor.start(1, frames.device)
    rows = []
    for token in [*tokens, None]:
        joined = model.joiner.project_encoder(frames) + model.joiner.project_predictor(output)
        rows.append(model.joiner.lin_out(joined.tanh()))
        if token is not None:
            output, state = model.predictor.step(torch.tensor([token]), state)
    return torch.stack(rows, dim=1)


@torch.no_grad()
def negative_log_likelihood(model, frames, tokens):
    """Nats of a text, by a recursion over frames and tokens that looks at one node at a time."""
    scores = logits(model, frames, tokens).double().log_softmax(-1)
    reached = {(0, 0): torch.zeros((), dtype=torch.float64)}
    for t in range(len(frames)):
        for u in range(len(tokens) + 1):
            ways = []
            if t > 0:
                ways.append(reached[t - 1, u] + scores[t - 1, u, 0])
            if u > 0:
                ways.append(reached[t, u - 1] + scores[t, u - 1, tokens[u - 1]])
            if ways:
                reached[t, u] = torch.stack(ways).logsumexp(0)
    return -float(reached[len(frames) - 1, len(tokens)] + scores[-1, -1, 0])
