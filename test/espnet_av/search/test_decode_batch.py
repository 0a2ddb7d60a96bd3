"""Choice of the search."""

import dataclasses

import pytest
from oracles.espnet_search import random_frames, tiny_model
from oracles.ngram import random_arpa
from oracles.transducer_search import tiny_transducer

from espnet_av.config import build
from espnet_av.errors import ConfigError
from espnet_av.search.decode_batch import decode_batch, default_search
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.ngram_lm import NGramLM


@pytest.mark.parametrize("method", ["ctc_greedy", "ctc_prefix", "joint"])
def test_every_method_gives_results_per_utterance(method):
    found = decode_batch(
        tiny_model(), random_frames([12, 7]), DecodeConfig(method=method, beam_size=4, nbest=2)
    )
    assert len(found) == 2
    assert all(1 <= len(hypotheses) <= 2 for hypotheses in found)
    assert all(h[0].score >= h[-1].score for h in found)


@pytest.mark.parametrize("method", ["transducer_greedy", "transducer_beam"])
def test_transducer_methods(method):
    found = decode_batch(
        tiny_transducer(size=16),
        random_frames([12, 7]),
        DecodeConfig(method=method, beam_size=4, nbest=2),
    )
    assert [len(hypotheses) for hypotheses in found] == [2 if "beam" in method else 1] * 2
    assert all(len(h.tokens) == len(h.frames) for hypotheses in found for h in hypotheses)


def test_language_model_reaches_the_beam(tmp_path):
    tokens = ["<blank>", "<unk>", "a", "b", "c", "d", "<sos/eos>"]
    path = random_arpa(tmp_path / "lm.arpa", tokens, 2)
    config = DecodeConfig(method="transducer_beam", lm_file=path, lm_weight=1.0)
    model, encoded = tiny_transducer(size=16), random_frames([12, 7])
    for (found,) in decode_batch(model, encoded, config, lm=NGramLM.read(path, tokens)):
        assert found.parts["lm"] < 0.0


def test_default_searches_take_what_the_model_has():
    assert default_search(tiny_transducer()) == DecodeConfig(method="transducer_beam")
    model = tiny_model()
    assert default_search(model) == DecodeConfig(method="joint")
    ctc, model.ctc = model.ctc, None
    assert default_search(model) == DecodeConfig(method="joint", ctc_weight=0.0)
    assert decode_batch(model, random_frames([5]), default_search(model))[0]
    model.ctc, model.decoder = ctc, None
    assert default_search(model) == DecodeConfig(method="ctc_prefix")


@pytest.mark.parametrize(
    ("method", "ctc_weight", "cure"),
    [("joint", 0.3, "transducer_beam"), ("ctc_greedy", 0.3, "transducer_beam")],
)
def test_a_transducer_alone_has_no_other_search(method, ctc_weight, cure):
    config = DecodeConfig(method=method, ctc_weight=ctc_weight)
    with pytest.raises(ConfigError, match=f"has none; use 'method: {cure}'"):
        decode_batch(tiny_transducer(size=16), random_frames([5]), config)


@pytest.mark.parametrize("method", ["transducer_greedy", "transducer_beam"])
def test_other_models_have_no_transducer_search(method):
    with pytest.raises(ConfigError, match=r"needs a transducer's predictor .* 'method: joint'"):
        decode_batch(tiny_model(), random_frames([5]), DecodeConfig(method=method))


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
        {"max_symbols": 0},
        {"lm_weight": 0},
        {"lm_file": "lm.arpa", "method": "transducer_greedy"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_impossible_settings_are_named(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        build(DecodeConfig, wrong, "decode.yaml")


def test_config_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DecodeConfig().beam_size = 3
