"""Predictors: whole texts and single steps agree, and each sees what it should."""

import pytest
import torch
import torch.nn.functional as F

from espnet_av.errors import ConfigError
from espnet_av.modules.transducer.predictor import PREDICTORS, build_predictor

VOCAB_SIZE = 9
CONFS = [
    ("lstm", {"hidden_size": 6, "num_layers": 2}),
    ("stateless", {"size": 8}),
    ("stateless", {"size": 8, "context_size": 1}),
    ("stateless", {"size": 4, "context_size": 3}),
]
each = pytest.mark.parametrize(("name", "conf"), CONFS)
CPU = torch.device("cpu")


def predictor(name, conf):
    torch.manual_seed(0)
    return build_predictor(name, conf, VOCAB_SIZE).eval()


@each
@torch.no_grad()
def test_steps_give_what_whole_texts_give(name, conf):
    model = predictor(name, conf)
    text = torch.tensor([[4, 4, 1, 8], [2, 7, 0, 3]])
    whole = model(text)
    assert whole.shape == (2, 5, model.output_size())
    output, state = model.start(2, CPU)
    for place in range(4):
        assert torch.allclose(output, whole[:, place], atol=1e-6)
        output, state = model.step(text[:, place], state)
    assert torch.allclose(output, whole[:, 4], atol=1e-6)


@each
@torch.no_grad()
def test_padding_changes_nothing(name, conf):
    model = predictor(name, conf)
    padded = model(torch.tensor([[5, 3, 1], [6, -1, -1], [-1, -1, -1]]))
    assert torch.allclose(padded[1, :2], model(torch.tensor([[6]]))[0], atol=1e-6)
    empty = model(torch.empty(1, 0, dtype=torch.long))
    assert torch.allclose(padded[2, :1], empty[0], atol=1e-6)


@each
@torch.no_grad()
def test_states_are_chosen_by_row(name, conf):
    model = predictor(name, conf)
    text = torch.tensor([[4, 5], [2, 7], [1, 1]])
    _, state = model.start(3, CPU)
    for place in range(2):
        _, state = model.step(text[:, place], state)
    rows = torch.tensor([2, 0, 0])
    got, _ = model.step(torch.tensor([8, 3, 6]), tuple(part[rows] for part in state))
    expected = model(torch.tensor([[1, 1, 8], [4, 5, 3], [4, 5, 6]]))[:, -1]
    assert torch.allclose(got, expected, atol=1e-6)


@each
def test_every_parameter_learns(name, conf):
    model = predictor(name, conf)
    model(torch.tensor([[4, 5, 1, 2]])).sum().backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in model.parameters())


@pytest.mark.parametrize("context_size", [1, 2, 3])
@torch.no_grad()
def test_stateless_is_a_sum_over_the_last_tokens(context_size):
    model = predictor("stateless", {"size": 8, "context_size": context_size})
    torch.nn.init.normal_(model.conv.weight)
    text = [3, 8, 1, 5]
    output = model(torch.tensor([text]))[0]
    for place in range(5):
        seen = ([None] * context_size + [0, *text[:place]])[-context_size:]
        for channel in range(8):
            group = channel // 4 * 4
            value = sum(
                float(model.embed.weight[token, group + i] * model.conv.weight[channel, i, tap])
                for tap, token in enumerate(seen)
                if token is not None
                for i in range(4)
            )
            assert float(output[place, channel]) == pytest.approx(max(value, 0.0), abs=1e-5)


@torch.no_grad()
def test_stateless_forgets_what_lstm_remembers():
    texts = torch.tensor([[1, 5, 6], [2, 5, 6]])
    stateless = predictor("stateless", {"size": 8})(texts)[:, -1]
    lstm = predictor("lstm", {"hidden_size": 6})(texts)[:, -1]
    assert torch.equal(stateless[0], stateless[1])
    assert not torch.allclose(lstm[0], lstm[1])


def test_dropout_is_of_training_only():
    model = predictor("lstm", {"hidden_size": 8, "dropout_rate": 0.5, "embed_dropout_rate": 0.5})
    text = torch.tensor([[1, 2, 3]])
    assert torch.equal(model(text), model(text))
    model.train()
    assert not torch.equal(model(text), model(text))


@pytest.mark.parametrize("name", sorted(PREDICTORS))
def test_half_precision_keeps_close(name):
    model = predictor(name, {})
    text = torch.tensor([[1, 2, 3]])
    exact = model(text)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert F.mse_loss(model(text).float(), exact) < 1e-3


@pytest.mark.parametrize(
    ("name", "conf", "message"),
    [
        ("lstm", {"hidden": 8}, "predictor_conf of lstm: unknown key 'hidden'; .*'hidden_size'"),
        ("lstm", {"num_layers": 0}, "num_layers is 0; it must be 1 or more"),
        ("lstm", {"dropout_rate": 1.5}, "dropout_rate is 1.5; it must be in 0..1"),
        ("stateless", {"size": 6}, "size is 6; it must be a multiple of 4"),
        ("stateless", {"context_size": 0}, "context_size is 0; it must be 1 or more"),
    ],
)
def test_a_wrong_configuration_is_named(name, conf, message):
    with pytest.raises(ConfigError, match=message):
        build_predictor(name, conf, VOCAB_SIZE)
