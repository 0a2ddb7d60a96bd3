"""mBART's decoder from its folder: files of both kinds, what is shared, and what is refused."""

from __future__ import annotations

import pytest
import torch
from oracles.mbart import SIZE, VOCAB_SIZE, as_checkpoint, their_model, write_folder

from espnet_av.errors import CheckpointError
from espnet_av.models.avsr.mbart import convert_mbart, token_order
from espnet_av.models.conversion.foreign_checkpoint import read_foreign_checkpoint


def test_every_row_has_one_place():
    assert token_order(9) == [1, 3, 4, 5, 6, 7, 0, 8, 2]
    assert sorted(token_order(VOCAB_SIZE)) == list(range(VOCAB_SIZE))


@pytest.mark.parametrize("kind", ["safetensors", "bin"])
def test_files_of_both_kinds_give_the_same(kind, tmp_path):
    theirs = write_folder(tmp_path, weights=kind)
    converted = convert_mbart(read_foreign_checkpoint(tmp_path))
    table = converted.weights["decoder.embed.0.weight"]
    assert torch.equal(table, theirs.model.shared.weight[token_order(VOCAB_SIZE)])
    assert converted.weights["decoder.output_layer.weight"] is table
    assert converted.conf == {
        "size": SIZE, "attention_heads": 4, "linear_units": 24, "num_blocks": 2,
        "dropout_rate": 0.1, "attention_dropout_rate": 0.0, "activation_dropout_rate": 0.0,
        "positions": "learned", "max_positions": 40, "scale_embedding": True,
        "norm_embedding": True,
    }  # fmt: skip
    assert converted.report.dropped and not converted.report.missing


def refused(reason, **changes):
    given = as_checkpoint(their_model())
    checkpoint = as_checkpoint(
        their_model(), **{k: v(getattr(given, k)) for k, v in changes.items()}
    )
    with pytest.raises(CheckpointError, match=reason):
        convert_mbart(checkpoint)


def test_a_file_without_embeddings_is_refused():
    without = {"model.shared.weight": None}
    refused(
        r"has no embeddings \(model\.shared\.weight\)",
        weights=lambda w: {k: v for k, v in w.items() if k not in without},
    )


def test_embeddings_that_are_not_shared_are_refused():
    """A version of transformers left those of the decoder at random."""
    drawn = torch.randn(VOCAB_SIZE, SIZE)
    for name in ("model.decoder.embed_tokens.weight", "lm_head.weight"):
        refused(f"{name} is not model.shared.weight", weights=lambda w, n=name: {**w, n: drawn})
    same = as_checkpoint(their_model()).weights
    copies = {**same, "lm_head.weight": same["model.shared.weight"].clone()}
    assert convert_mbart(as_checkpoint(their_model(), weights=copies)).num_tokens == VOCAB_SIZE


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_type": "bart"}, r"is no mBART of Hugging Face \(model_type bart\)"),
        ({"activation_function": "gelu"}, "activation_function is gelu, ours is relu"),
        ({"decoder_attention_heads": 5}, "decoder_attention_heads is 5, which does not divide 16"),
        ({"decoder_layers": 7}, "decoder_layers 7, its weights have 2"),
    ],
)
def test_other_models_are_refused(changes, reason):
    refused(reason, config=lambda config: {**config, **changes})


def test_weights_that_are_missing_or_unknown_are_told():
    name = "model.decoder.layers.1.fc2.bias"
    refused("decoder.decoders.1.feed_forward.w_2.bias", weights=lambda w: _without(w, name))
    refused("strange.weight", weights=lambda w: {**w, "strange.weight": torch.zeros(2)})
    bias = torch.ones(1, VOCAB_SIZE)
    refused("final_logits_bias is not zero", weights=lambda w: {**w, "final_logits_bias": bias})


def _without(weights, name):
    return {k: v for k, v in weights.items() if k != name}
