"""Encoders by name: each keeps its length, ignores padding, and refuses bad settings."""

import copy

import pytest
import torch

from espnet_av.errors import ConfigError
from espnet_av.modules.decoder import DECODERS, build_decoder
from espnet_av.modules.encoder import ENCODERS, NO_INPUT_LAYER, build_encoder, layer_outputs

SMALL = {
    "conformer": {"output_size": 8, "attention_heads": 2, "linear_units": 8, "num_blocks": 2},
    "causal_conformer": {
        "output_size": 8,
        "attention_heads": 2,
        "linear_units": 8,
        "num_blocks": 2,
        "past_frames": 4,
    },
    "e_branchformer": {
        "output_size": 8,
        "attention_heads": 2,
        "linear_units": 8,
        "cgmlp_linear_units": 8,
        "num_blocks": 2,
    },
    "branchformer": {
        "output_size": 8,
        "attention_heads": 2,
        "cgmlp_linear_units": 8,
        "num_blocks": 2,
    },
    "multiconv_conformer": {
        "output_size": 8,
        "attention_heads": 2,
        "linear_units": 8,
        "num_blocks": 2,
        "multicgmlp_merge_conv_kernel": 31,
    },
    "transformer": {"output_size": 8, "attention_heads": 2, "linear_units": 8, "num_blocks": 2},
    "rnn": {"rnn_type": "gru", "hidden_size": 8, "output_size": 8, "num_layers": 2},
    "wav2vec2": {
        "num_layers": 2,
        "attention_heads": 2,
        "linear_units": 8,
        "pos_conv_kernel": 4,
        "pos_conv_groups": 2,
    },
}


@pytest.mark.parametrize("name", ENCODERS)
def test_length_padding_and_order(name):
    torch.manual_seed(0)
    encoder = build_encoder(name, 6, SMALL[name], []).eval()
    lengths = torch.tensor([3, 9, 6])
    x = torch.randn(3, 9, 6)
    out, out_lengths, _ = encoder(x, lengths)
    assert out.shape == (3, 9, encoder.output_size())
    assert out_lengths.tolist() == lengths.tolist()
    for row, features, length in zip(out, x, lengths.tolist(), strict=True):
        alone, _, _ = encoder(features[None, :length], torch.tensor([length]))
        assert torch.allclose(row[:length], alone[0], atol=1e-5)


@pytest.mark.parametrize("layer", ["conv1d", "conv1d-linear"])
def test_positionwise_convolutions_ignore_padding(layer):
    conf = {**SMALL["transformer"], "positionwise_layer_type": layer}
    encoder = build_encoder("transformer", 6, {**conf, "positionwise_conv_kernel_size": 3}, [])
    encoder = copy.deepcopy(encoder).eval()
    x, lengths = torch.randn(2, 7, 6), torch.tensor([3, 7])
    alone, _, _ = encoder(x[:1, :3], lengths[:1])
    assert torch.allclose(encoder(x, lengths)[0][:1, :3], alone, atol=1e-5)


@pytest.mark.parametrize("name", ["conformer", "e_branchformer"])
def test_one_utterance_gives_what_espnet_gives(name):
    encoder = build_encoder(name, 6, SMALL[name], []).eval()
    encoder_class, defaults = ENCODERS[name]
    plain = encoder_class(input_size=6, **{**defaults, **SMALL[name]}).eval()
    plain.load_state_dict(encoder.state_dict())
    x, lengths = torch.randn(2, 9, 6), torch.tensor([9, 9])
    assert torch.equal(encoder(x, lengths)[0], plain(x, lengths)[0])


@pytest.mark.parametrize("name", NO_INPUT_LAYER)
def test_without_input_layer_only_the_projection_is_gone(name):
    conf = {**SMALL[name], "input_layer": "none"}
    bare = build_encoder(name, 8, conf, []).eval()
    whole = build_encoder(name, 8, SMALL[name], []).eval()
    assert {key for key in whole.state_dict() if not key.startswith("embed.")} == set(
        bare.state_dict()
    )
    whole.load_state_dict(bare.state_dict(), strict=False)
    whole.embed = whole.embed[-1:]
    x, lengths = torch.randn(2, 9, 8), torch.tensor([9, 5])
    assert torch.equal(bare(x, lengths)[0], whole(x, lengths)[0])


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("use_projection", [True, False])
def test_rnn_variants_sort_and_restore(bidirectional, use_projection):
    conf = {**SMALL["rnn"], "bidirectional": bidirectional, "use_projection": use_projection}
    encoder = build_encoder("rnn", 6, conf, []).eval()
    x, lengths = torch.randn(3, 5, 6), torch.tensor([2, 5, 2])
    out, _, _ = encoder(x, lengths)
    swapped, _, _ = encoder(x[[1, 0, 2]], lengths[[1, 0, 2]])
    assert torch.allclose(out[[1, 0, 2]], swapped, atol=1e-6)


def test_every_encoder_has_a_small_test_configuration():
    assert set(SMALL) == set(ENCODERS)


def test_intermediate_outputs():
    encoder = build_encoder("transformer", 6, SMALL["transformer"], [1])
    (last, inner), _, _ = encoder(torch.randn(1, 4, 6), torch.tensor([4]))
    assert [layer for layer, _ in inner] == [1]
    assert inner[0][1].shape == last.shape


@pytest.mark.parametrize("name", ["conformer", "causal_conformer", "e_branchformer", "transformer"])
def test_output_of_one_layer(name):
    encoder = build_encoder(name, 6, SMALL[name], []).eval()
    x, lengths = torch.randn(2, 9, 6), torch.tensor([9, 5])
    last, out, first = layer_outputs(encoder, x, lengths, [2, None, 1])
    assert torch.equal(encoder.after_norm(last), out)
    assert torch.equal(encoder(x, lengths)[0], out)
    assert first.shape == last.shape
    assert not torch.allclose(first, last)
    assert not encoder.encoders[0]._forward_hooks
    with pytest.raises(ConfigError, match=r"layer 3 .* 1 to 2"):
        layer_outputs(encoder, x, lengths, [1, 3])


def test_shapes_without_weights():
    with torch.device("meta"):
        encoder = build_encoder("conformer", 6, SMALL["conformer"], [])
    assert next(encoder.parameters()).is_meta


@pytest.mark.parametrize(
    ("name", "conf", "interctc", "message"),
    [
        ("conformer", {"num_block": 2}, [], "did you mean 'num_blocks'"),
        ("conformer", {"num_blocks": "two"}, [], "num_blocks"),
        ("conformer", {"input_layer": "conv2d"}, [], "already deliver 25 Hz"),
        ("conformer", {"input_layer": "none", "output_size": 8}, [], "feature_size 8"),
        ("conformer", {"input_layer": None}, [], "have 16 and output_size is 256"),
        ("transformer", {"input_layer": "none", "output_size": 16}, [], "is for conformer, "),
        ("causal_conformer", {"conv_future_frames": -1}, [], "past_frames 64.*-1 must be 0"),
        ("rnn", {"subsample": [2]}, [], "already deliver 25 Hz"),
        ("rnn", {}, [1], "no intermediate outputs"),
        ("wav2vec2", {"attention_heads": 3}, [], "attention_heads is 3.* try 2"),
        (
            "transformer",
            {"output_size": 7, "attention_heads": 2},
            [],
            "encoder_conf of transformer",
        ),
        ("transformer", {"num_blocks": 2}, [2], "encoder_conf of transformer"),
    ],
)
def test_bad_settings_say_what_to_do(name, conf, interctc, message):
    with pytest.raises(ConfigError, match=message):
        build_encoder(name, 16, conf, interctc)


@pytest.mark.parametrize("name", DECODERS)
def test_decoder(name):
    decoder = build_decoder(name, 11, 8, {"num_blocks": 1, "linear_units": 8})
    logits, _ = decoder(
        torch.randn(2, 4, 8), torch.tensor([4, 2]), torch.ones(2, 3).long(), torch.tensor([3, 1])
    )
    assert logits.shape == (2, 3, 11)


@pytest.mark.parametrize(
    ("conf", "message"),
    [({"num_bloks": 1}, "did you mean 'num_blocks'"), ({"num_blocks": 1.5}, "num_blocks")],
)
def test_bad_decoder_settings(conf, message):
    with pytest.raises(ConfigError, match=message):
        build_decoder("transformer", 11, 8, conf)


@pytest.mark.parametrize("name", ENCODERS)
def test_nothing_is_random_in_evaluation(name):
    """ESPnet's projected recurrent layers drop out in evaluation as well."""
    torch.manual_seed(0)
    dropout = {"dropout": 0.5} if name == "rnn" else {}
    encoder = build_encoder(name, 6, {**SMALL[name], **dropout}, [])
    features, lengths = torch.randn(2, 20, 6), torch.tensor([20, 13])
    random = [encoder(features, lengths)[0] for _ in range(2)]
    assert not torch.equal(*random), "dropout in training"
    encoder.eval()
    fixed = [encoder(features, lengths)[0] for _ in range(2)]
    assert torch.equal(*fixed)
    encoder.train()
    assert not torch.equal(encoder(features, lengths)[0], encoder(features, lengths)[0])
