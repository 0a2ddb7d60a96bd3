"""LSTM layers in half precision: its kernel where there is one, else float32, said once."""

import pytest
import torch
from torch import nn

from espnet_av.modules.encoder import build_encoder
from espnet_av.modules.transducer import lstm_precision
from espnet_av.modules.transducer.lstm_precision import with_lstm_kernel
from espnet_av.modules.transducer.predictor import build_predictor


@pytest.fixture
def lacking(monkeypatch):
    """A processor without the kernel: half precision would end the run."""
    lstm_precision._name_once.cache_clear()
    monkeypatch.setattr(lstm_precision, "has_half_lstm", lambda dtype: False)
    plain = nn.LSTM.forward

    def forward(self, input, hx=None):
        assert not torch.is_autocast_enabled("cpu"), "could not create a primitive descriptor"
        return plain(self, input, hx)

    monkeypatch.setattr(nn.LSTM, "forward", forward)
    yield
    lstm_precision._name_once.cache_clear()


def text_layers():
    return build_predictor("lstm", {"hidden_size": 6, "num_layers": 2}, 9), torch.tensor([[1, 2]])


def frame_layers(projected):
    conf = {"hidden_size": 6, "output_size": 6, "num_layers": 2, "use_projection": projected}
    encoder = build_encoder("rnn", 4, conf, [])
    return lambda x: encoder(x, torch.tensor([5, 3]))[0], torch.randn(2, 5, 4)


def made(kind):
    torch.manual_seed(0)
    return text_layers() if kind == "predictor" else frame_layers(kind == "rnn with projections")


@pytest.mark.parametrize("kind", ["predictor", "rnn", "rnn with projections"])
def test_layers_run_in_full_precision_where_there_is_no_kernel(lacking, caplog, kind):
    model, given = made(kind)
    exact = model(given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        for _ in range(2):
            got = model(given)
    assert torch.equal(got, exact)
    assert caplog.messages == [
        "no LSTM in torch.bfloat16 on this processor: those layers run in float32"
    ]


@pytest.mark.parametrize("kind", ["predictor", "rnn", "rnn with projections"])
def test_half_precision_trains_on_every_processor(kind):
    """With whatever kernels are at hand: the suite runs with those of lesser ones too."""
    model, given = made(kind)
    exact = model(given)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = model(given).float()
    # bfloat16 has 8 bits, and the states stay within -1..1
    assert torch.allclose(got, exact, atol=0.05)
    got.sum().backward()


def test_the_kernel_is_used_where_there_is_one(monkeypatch, caplog):
    monkeypatch.setattr(lstm_precision, "has_half_lstm", lambda dtype: dtype == torch.bfloat16)
    seen = []
    x = torch.ones(1, 1, 1, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with_lstm_kernel(lambda x: seen.append((x.dtype, torch.is_autocast_enabled("cpu"))), x)
    with_lstm_kernel(lambda x: seen.append((x.dtype, torch.is_autocast_enabled("cpu"))), x)
    assert seen == [(torch.bfloat16, True), (torch.bfloat16, False)]
    assert caplog.messages == []


def test_other_devices_are_let_alone(monkeypatch):
    monkeypatch.setattr(lstm_precision, "has_half_lstm", lambda dtype: False)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        enabled = with_lstm_kernel(
            lambda x: torch.is_autocast_enabled("cpu"), torch.zeros(1, device="meta")
        )
    assert enabled
