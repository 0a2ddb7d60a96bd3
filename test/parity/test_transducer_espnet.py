"""LSTM predictor and joiner against ESPnet's transducer decoder with the same weights."""

import pytest
import torch

from espnet_av.compat import JointNetwork, TransducerDecoder
from espnet_av.modules.transducer.joiner import Joiner
from espnet_av.modules.transducer.predictor import build_predictor

VOCAB_SIZE, HIDDEN, ENCODER_SIZE, JOINT = 7, 6, 5, 8


def predictors(num_layers):
    """ESPnet's decoder, and ours with its weights by nothing but a change of names."""
    torch.manual_seed(num_layers)
    theirs = TransducerDecoder(VOCAB_SIZE, num_layers=num_layers, hidden_size=HIDDEN).eval()
    conf = {"hidden_size": HIDDEN, "num_layers": num_layers}
    ours = build_predictor("lstm", conf, VOCAB_SIZE).eval()
    weights = theirs.state_dict().items()
    ours.load_state_dict({name.replace("decoder.", "layers."): value for name, value in weights})
    return theirs, ours


@pytest.mark.parametrize("num_layers", [1, 2])
@torch.no_grad()
def test_whole_texts(num_layers):
    theirs, ours = predictors(num_layers)
    text = torch.tensor([[3, 1, 6], [2, -1, -1]])
    expected = theirs(torch.tensor([[0, 3, 1, 6], [0, 2, 0, 0]]))
    assert torch.allclose(ours(text), expected, atol=1e-6)


@pytest.mark.parametrize("num_layers", [1, 2])
@torch.no_grad()
def test_steps(num_layers):
    theirs, ours = predictors(num_layers)
    output, state = ours.start(2, torch.device("cpu"))
    sequence, their_state = theirs.rnn_forward(
        theirs.embed(torch.tensor([[0], [0]])), theirs.init_state(2)
    )
    for tokens in ([3, 6], [1, 1], [5, 2]):
        assert torch.allclose(output, sequence[:, 0], atol=1e-6)
        for layer in range(num_layers):
            assert torch.allclose(state[2 * layer], their_state[0][layer], atol=1e-6)
            assert torch.allclose(state[2 * layer + 1], their_state[1][layer], atol=1e-6)
        output, state = ours.step(torch.tensor(tokens), state)
        embedded = theirs.embed(torch.tensor(tokens)[:, None])
        sequence, their_state = theirs.rnn_forward(embedded, their_state)
    assert torch.allclose(output, sequence[:, 0], atol=1e-6)


@pytest.mark.parametrize("bias", [True, False])
@torch.no_grad()
def test_joiner(bias):
    torch.manual_seed(0)
    theirs = JointNetwork(VOCAB_SIZE, ENCODER_SIZE, HIDDEN, JOINT, lin_dec_bias=bias)
    ours = Joiner(ENCODER_SIZE, HIDDEN, JOINT, VOCAB_SIZE)
    weights = theirs.state_dict()
    weights["lin_enc.bias"] = weights["lin_enc.bias"] + weights.pop("lin_dec.bias", 0.0)
    ours.load_state_dict(weights)
    encoded, predicted = torch.randn(2, 4, ENCODER_SIZE), torch.randn(2, 3, HIDDEN)
    got = ours(
        ours.project_encoder(encoded).unsqueeze(2), ours.project_predictor(predicted).unsqueeze(1)
    )
    expected = theirs(encoded.unsqueeze(2), predicted.unsqueeze(1))
    assert got.shape == (2, 4, 3, VOCAB_SIZE)
    assert torch.allclose(got, expected, atol=1e-6)
