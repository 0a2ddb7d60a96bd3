"""BERT's layer: published size, first weights, and what does not go together."""

import pytest
import torch
from oracles import fast_vgs

from espnet_av.errors import ConfigError
from espnet_av.modules.bert_layer import BertConfig, bert_layer, key_mask, projection

NAMES = {
    "attention.self.query": "self_attn.q_proj",
    "attention.self.key": "self_attn.k_proj",
    "attention.self.value": "self_attn.v_proj",
    "attention.output.dense": "self_attn.out_proj",
    "attention.output.LayerNorm": "self_attn_layer_norm",
    "intermediate.dense": "fc1",
    "output.dense": "fc2",
    "output.LayerNorm": "final_layer_norm",
}


def test_published_size():
    with torch.device("meta"):
        layer = bert_layer(BertConfig(), 768)
    assert sum(p.numel() for p in layer.parameters()) == 7_087_872
    assert layer.final_layer_norm.eps == layer.self_attn_layer_norm.eps == 1e-12


def test_the_independent_copy_gives_the_same():
    made = fast_vgs.Weights()
    fast_vgs.bert(made, "x", 12, 20)
    theirs = fast_vgs.below(made.found, "x.")
    config = BertConfig(attention_heads=2, linear_units=20)
    layer = bert_layer(config, 12).eval()
    parts = (name.rsplit(".", 1) for name in theirs)
    layer.load_state_dict({f"{NAMES[a]}.{b}": theirs[f"{a}.{b}"] for a, b in parts})
    x = torch.randn(2, 5, 12)
    assert torch.allclose(layer(x, None), fast_vgs.bert_layer(theirs, x), atol=1e-5)
    # What is masked is not seen.
    mask = key_mask(torch.tensor([[True, True, True, False, False]] * 2))
    found = layer(x, mask)[:, :3]
    assert torch.allclose(found, fast_vgs.bert_layer(theirs, x[:, :3]), atol=1e-5)


def test_first_weights():
    """BERT's at its size; as much passes through smaller layers."""
    torch.manual_seed(0)
    for size, std in ((768, 0.02), (48, 0.08)):
        layers = projection(size, 64, 32)
        assert [part.weight.shape for part in (layers[0], layers[2])] == [
            (2 * size, 32),
            (64, 2 * size),
        ]
        found = [part.weight.std().item() for part in layers[::2]]
        assert found == pytest.approx([std, std], rel=0.05)
        assert not layers[0].bias.any()
    layer = bert_layer(BertConfig(attention_heads=2, linear_units=96), 48)
    assert layer.fc1.weight.std().item() == pytest.approx(0.08, rel=0.05)
    assert layer.self_attn.k_proj.weight.std().item() == pytest.approx(0.08, rel=0.05)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"attention_heads": 5}, "5 attention_heads .* size 12; the heads divide"),
        ({"linear_units": 0}, "0 linear_units"),
        ({"dropout_rate": 1.5}, "dropout_rate is 1.5; it must be in 0..1"),
    ],
)
def test_what_makes_no_layer(wrong, message):
    with pytest.raises(ConfigError, match=message):
        bert_layer(BertConfig(**{"attention_heads": 2, **wrong}), 12)
