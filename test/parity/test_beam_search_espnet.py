"""The batched joint search gives ESPnet's hypotheses and scores."""

import dataclasses
import logging

import pytest
import torch
from oracles.espnet_search import espnet_nbest, random_frames, tiny_model

from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig

LENGTHS = [9, 16, 12, 1]


@pytest.fixture(autouse=True)
def _quiet_espnet():
    logging.getLogger("espnet.nets.beam_search").setLevel(logging.ERROR)


def assert_same(model, encoded, config):
    ours = decode_batch(model, encoded, config)
    theirs = espnet_nbest(model, encoded, config)
    assert len(ours) == len(theirs) == len(encoded.lengths)
    for utt, (got, expected) in enumerate(zip(ours, theirs, strict=True)):
        # Outputs that CTC calls impossible score about -1e10; their order there is arbitrary.
        got = [hypothesis for hypothesis in got if hypothesis.score > -1e8]
        expected = [item for item in expected if item[1] > -1e8]
        assert [hypothesis.tokens for hypothesis in got] == [item[0] for item in expected], utt
        for hypothesis, (_, score, parts) in zip(got, expected, strict=True):
            assert hypothesis.score == pytest.approx(score, abs=2e-4)
            assert hypothesis.parts == pytest.approx(parts, abs=2e-4)
    return ours


@pytest.mark.parametrize("beam_size", [1, 5, 10])
@pytest.mark.parametrize("ctc_weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("length_penalty", [0.0, 0.7])
def test_same_as_espnet(beam_size, ctc_weight, length_penalty):
    config = DecodeConfig(
        beam_size=beam_size, ctc_weight=ctc_weight, length_penalty=length_penalty, nbest=10
    )
    found = assert_same(tiny_model(vocab_size=20), random_frames(LENGTHS), config)
    assert any(hypotheses[0].tokens for hypotheses in found)


@pytest.mark.parametrize("maxlenratio", [-4.0, 0.3, 1.0])
@pytest.mark.parametrize("minlenratio", [0.0, 0.2, -3.0])
def test_length_limits(maxlenratio, minlenratio):
    config = DecodeConfig(
        beam_size=4, ctc_weight=0.3, maxlenratio=maxlenratio, minlenratio=minlenratio, nbest=4
    )
    assert_same(tiny_model(seed=3), random_frames(LENGTHS, seed=4), config)


def test_more_tokens_than_frames_are_hopeless_but_no_crash():
    # ESPnet's search stops with an IndexError here.
    config = DecodeConfig(beam_size=4, ctc_weight=0.3, maxlenratio=1.5, minlenratio=1.2)
    ((found,),) = decode_batch(tiny_model(), random_frames([5]), config)
    assert len(found.tokens) >= 5
    assert found.score < -1e8


def test_shorter_outputs_are_allowed_when_none_reaches_the_minimum():
    config = DecodeConfig(beam_size=3, ctc_weight=0.3, maxlenratio=0.3, minlenratio=0.6, nbest=3)
    found = assert_same(tiny_model(), random_frames([10, 20]), config)
    assert all(found)


def test_no_hypothesis_when_the_minimum_is_out_of_reach():
    config = DecodeConfig(beam_size=3, ctc_weight=0.3, maxlenratio=-2.0, minlenratio=-5.0)
    assert assert_same(tiny_model(), random_frames([10, 20]), config) == [[], []]


def test_end_detection_stops_before_the_last_frame(monkeypatch):
    # A decoder that is sure of an early end makes every longer output hopeless.
    model = tiny_model(sharpness=8.0)
    with torch.no_grad():
        model.decoder.output_layer.bias[model.eos] += 25.0
    config = DecodeConfig(beam_size=5, ctc_weight=0.0, nbest=5)
    steps = []
    from espnet_av.search.decoder_cache import IncrementalDecoder

    run = IncrementalDecoder.step
    monkeypatch.setattr(IncrementalDecoder, "step", lambda *a: steps.append(1) or run(*a))
    assert_same(model, random_frames([40, 30]), config)
    assert 4 < len(steps) < 30


@pytest.mark.parametrize(
    "decoder_conf",
    [{"normalize_before": False}, {"concat_after": True}, {"qk_norm": True}],
    ids=lambda conf: next(iter(conf)),
)
def test_decoder_variants(decoder_conf):
    config = DecodeConfig(beam_size=4, ctc_weight=0.3, nbest=4)
    assert_same(tiny_model(**decoder_conf), random_frames(LENGTHS), config)


def test_pre_beam_as_large_as_the_vocabulary():
    config = DecodeConfig(beam_size=10, ctc_weight=0.5, nbest=10)
    assert_same(tiny_model(vocab_size=12), random_frames(LENGTHS), config)


@pytest.mark.parametrize("seed", range(3))
def test_many_random_models(seed):
    config = DecodeConfig(beam_size=6, ctc_weight=0.4, length_penalty=0.2, nbest=6)
    model = tiny_model(vocab_size=40, seed=seed, sharpness=2.0 + seed)
    assert_same(model, random_frames([19, 12], seed=seed), config)


def test_batch_of_one_gives_the_same_as_a_large_batch():
    model, encoded = tiny_model(), random_frames(LENGTHS)
    config = DecodeConfig(beam_size=5, ctc_weight=0.3, nbest=3)
    together = decode_batch(model, encoded, config)
    for utt, length in enumerate(LENGTHS):
        alone = type(encoded)(
            out=encoded.out[utt : utt + 1, :length], lengths=encoded.lengths[utt : utt + 1]
        )
        (single,) = decode_batch(model, alone, config)
        assert [h.tokens for h in single] == [h.tokens for h in together[utt]]
        assert [h.score for h in single] == pytest.approx(
            [h.score for h in together[utt]], abs=1e-4
        )


def test_nbest_only_cuts_the_list():
    model, encoded = tiny_model(), random_frames(LENGTHS)
    config = DecodeConfig(beam_size=5, ctc_weight=0.3, nbest=5)
    many = decode_batch(model, encoded, config)
    one = decode_batch(model, encoded, dataclasses.replace(config, nbest=1))
    assert one == [hypotheses[:1] for hypotheses in many]
