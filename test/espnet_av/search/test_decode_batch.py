"""Choice of the search."""

import dataclasses

import pytest
from oracles.espnet_search import random_frames, tiny_model

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.search import DecodeConfig, decode_batch


@pytest.mark.parametrize("method", ["ctc_greedy", "ctc_prefix", "joint"])
def test_every_method_gives_results_per_utterance(method):
    found = decode_batch(
        tiny_model(), random_frames([12, 7]), DecodeConfig(method=method, beam_size=4, nbest=2)
    )
    assert len(found) == 2
    assert all(1 <= len(hypotheses) <= 2 for hypotheses in found)
    assert all(h[0].score >= h[-1].score for h in found)


def test_prefix_beam_is_at_least_as_likely_as_the_best_path():
    model, encoded = tiny_model(), random_frames([12, 7])
    greedy = decode_batch(model, encoded, DecodeConfig(method="ctc_greedy"))
    beam = decode_batch(model, encoded, DecodeConfig(method="ctc_prefix", beam_size=10))
    for one, other in zip(greedy, beam, strict=True):
        assert other[0].parts["ctc"] >= one[0].score


def test_a_model_without_decoder_cannot_do_the_joint_search():
    model = tiny_model()
    model.decoder = None
    with pytest.raises(ConfigError, match="has none; use 'method: ctc_prefix'"):
        decode_batch(model, random_frames([5]), DecodeConfig())
    assert decode_batch(model, random_frames([5]), DecodeConfig(ctc_weight=1.0))


def test_a_model_without_ctc_needs_weight_zero():
    model = tiny_model()
    model.ctc = None
    with pytest.raises(ConfigError, match="needs a CTC layer"):
        decode_batch(model, random_frames([5]), DecodeConfig(method="ctc_greedy"))
    assert decode_batch(model, random_frames([5]), DecodeConfig(ctc_weight=0.0))


def test_another_decoder_is_refused():
    model = tiny_model(input_layer="linear")
    model.decoder.output_layer = None
    with pytest.raises(ConfigError, match="ESPnet's TransformerDecoder"):
        decode_batch(model, random_frames([5]), DecodeConfig())


@pytest.mark.parametrize(
    "wrong",
    [
        {"beam_size": 0},
        {"ctc_weight": 1.5},
        {"nbest": 0},
        {"batch_frames": 0},
        {"maxlenratio": -0.5},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_impossible_settings_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        build(DecodeConfig, wrong, "decode.yaml")


def test_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DecodeConfig().beam_size = 3
