"""The faster GRU gives what torch's gives, with the same weights, and leaves the rest to it."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.packed_gru import PackedGRU, use_packed_gru
from espnet_av.ops import gru as gru_ops

KINDS = {
    "one direction": {"bidirectional": False},
    "two directions": {"bidirectional": True},
    "two layers": {"bidirectional": True, "num_layers": 2},
    "dropout": {"bidirectional": True, "num_layers": 3, "dropout": 0.3},
}
LENGTHS = [7, 6, 6, 1]


def both(conf, dtype=torch.float32):
    torch.manual_seed(0)
    theirs = nn.GRU(5, 4, batch_first=True, **conf).to(dtype)
    ours = copy.deepcopy(theirs)
    use_packed_gru(ours)
    assert type(ours) is PackedGRU
    return ours, theirs


def run(layer, x, lengths=LENGTHS, sorted_ones=True):
    torch.manual_seed(1)
    packed = pack_padded_sequence(
        x, torch.tensor(lengths), batch_first=True, enforce_sorted=sorted_ones
    )
    out, last = layer(packed)
    return out.data, last


@pytest.mark.parametrize("conf", KINDS.values(), ids=KINDS)
def test_results_and_gradients_are_those_of_torch(conf):
    found = []
    for layer in both(conf, torch.float64):
        x = torch.linspace(-2, 2, 4 * 7 * 5, dtype=torch.float64).view(4, 7, 5).requires_grad_()
        out, last = run(layer, x)
        (out.square().sum() + last.sin().sum()).backward()
        found.append((out, last, x.grad, *(weight.grad for weight in layer.parameters())))
    for ours, theirs in zip(*found, strict=True):
        assert torch.allclose(ours, theirs, rtol=1e-10, atol=1e-12)


def test_single_precision_is_equal_to_rounding():
    ours, theirs = both(KINDS["two directions"])
    x = torch.randn(4, 7, 5)
    for a, b in zip(run(ours, x), run(theirs, x), strict=True):
        assert a.dtype == b.dtype == torch.float32
        assert torch.allclose(a, b, atol=1e-6)


def test_sequences_in_any_order():
    ours, theirs = both(KINDS["two directions"])
    x, lengths = torch.randn(3, 5, 5), [2, 5, 3]
    for a, b in zip(run(ours, x, lengths, False), run(theirs, x, lengths, False), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_parameters_keep_their_names():
    ours, theirs = both(KINDS["two layers"])
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert "weight_ih_l0_reverse" in ours.state_dict()
    ours.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_half_precision_is_no_further_from_the_truth_than_torchs(dtype):
    conf = {"bidirectional": True}
    torch.manual_seed(0)
    theirs = nn.GRU(32, 32, batch_first=True, **conf)
    ours = copy.deepcopy(theirs)
    use_packed_gru(ours)
    x = torch.randn(4, 7, 32)
    exact = run(theirs, x)[0]
    with torch.autocast("cpu", torch.bfloat16):
        apart = [(run(layer, x.to(dtype))[0].float() - exact).norm() for layer in (ours, theirs)]
    assert apart[0] < 1.05 * apart[1]
    assert apart[0] < 0.01 * exact.norm()


@pytest.mark.parametrize(
    "change", ["states", "no bias", "tensor"], ids=["given states", "no bias", "not packed"]
)
def test_other_uses_go_to_torch_bit_by_bit(change, monkeypatch):
    monkeypatch.setattr(gru_ops._GRULayer, "forward", None)
    ours, theirs = both({"bias": False} if change == "no bias" else {})
    x = torch.randn(4, 7, 5)
    given = x if change == "tensor" else pack_padded_sequence(x, torch.tensor(LENGTHS), True)
    states = torch.ones(1, 4, 4) if change == "states" else None
    for a, b in zip(ours(given, states), theirs(given, states), strict=True):
        a, b = (getattr(value, "data", value) for value in (a, b))
        assert torch.equal(a, b)


def test_the_recurrent_encoder_uses_it():
    conf = {"rnn_type": "gru", "num_layers": 2, "hidden_size": 4, "output_size": 4}
    encoder = build_encoder("rnn", 6, conf, [])
    kinds = [type(part) for part in encoder.modules() if isinstance(part, nn.GRU)]
    assert kinds == [PackedGRU, PackedGRU]
