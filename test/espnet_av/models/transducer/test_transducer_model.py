"""The transducer: its loss against a slow recursion, invariances, statistics, edge cases."""

import copy
import importlib.util
import math
import pickle

import pytest
import torch
from oracles import av_batch, transducer
from oracles.transducer_search import greedy

from espnet_av.models.transducer.model import STATS
from espnet_av.modules.frontend.av_frontend_config import ModalityDropoutConfig
from espnet_av.modules.transducer.loss import TRANSDUCER_LOSSES

LOSSES = sorted(set(TRANSDUCER_LOSSES) - ({"k2"} if not importlib.util.find_spec("k2") else set()))
PREDICTORS = {"lstm": {"hidden_size": 6, "num_layers": 2}, "stateless": {"size": 8}}
each_predictor = pytest.mark.parametrize("predictor", PREDICTORS)
each_loss = pytest.mark.parametrize("loss", LOSSES)


def inputs(batch):
    return [batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths")]


def ragged(lengths=(9, 6, 4), tokens=(3, 1, 2)):
    """A batch with texts of different lengths."""
    batch = av_batch.batch(lengths, tokens=max(tokens))
    batch["text_lengths"] = torch.tensor(tokens)
    for row, count in zip(batch["text"], tokens, strict=True):
        row[count:] = -1
    return batch


@each_predictor
def test_loss_is_that_of_each_utterance_by_a_slow_recursion(predictor):
    model = transducer.model(predictor=predictor, predictor_conf=PREDICTORS[predictor]).eval()
    batch = ragged()
    stats = model(**batch)[1]
    encoded = model.encode(*inputs(batch)).out
    expected = [
        transducer.negative_log_likelihood(
            model, encoded[b, : batch["video_lengths"][b]], batch["text"][b, :count].tolist()
        )
        for b, count in enumerate(batch["text_lengths"].tolist())
    ]
    assert float(stats["loss_transducer"]) == pytest.approx(sum(expected) / 3, rel=1e-5)


def test_torchaudios_loss_is_ours():
    ours, theirs = (transducer.model(transducer_loss=name) for name in ("full", "torchaudio"))
    batch = ragged()
    losses = [model(**batch)[0] for model in (ours, theirs)]
    assert torch.allclose(*losses, rtol=1e-5)
    for loss in losses:
        loss.backward()
    for (name, one), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, rtol=1e-3, atol=1e-4), name


def test_loss_is_the_weighted_sum():
    loss, stats, weight = transducer.model(ctc_weight=0.4)(**ragged())
    ctc = 0.7 * stats["loss_ctc"] + 0.3 * stats["loss_interctc"]
    expected = stats["loss_transducer"] + 0.4 * ctc + 0.5 * stats["loss_units"]
    assert torch.allclose(loss, expected)
    assert torch.equal(stats["loss"], loss.detach())
    assert float(weight) == 3


@each_loss
def test_the_mean_over_parts_is_the_loss_of_the_whole(loss):
    model = transducer.model(transducer_loss=loss).eval()
    batch = ragged((6, 6, 6))
    whole = model(**batch)[1]
    parts = [model(**{k: v[rows] for k, v in batch.items()}) for rows in (slice(0, 1), slice(1, 3))]
    for key in ("loss", "loss_transducer", "loss_ctc"):
        mean = sum(stats[key] * weight for _, stats, weight in parts) / 3
        assert torch.allclose(whole[key], mean, rtol=1e-4), key


@each_loss
def test_garbage_in_the_padding_changes_nothing(loss):
    model = transducer.model(transducer_loss=loss).eval()
    batch = ragged((9, 6), (3, 1))
    other = {**batch, **{key: batch[key].clone() for key in ("speech", "video", "text")}}
    other["speech"][1, 6 * 640 :] = 7.0
    other["video"][1, 6:] = 255
    other["text"][1, 1:] = 5
    other["text"] = torch.nn.functional.pad(other["text"], (0, 3), value=2)
    for key, value in model(**batch)[1].items():
        assert torch.allclose(value, model(**other)[1][key], equal_nan=True), key


@each_loss
@each_predictor
@pytest.mark.parametrize("mode", ["A", "V", "AV"])
def test_every_parameter_has_a_gradient_and_every_step_the_same_statistics(loss, predictor, mode):
    model = transducer.model(
        transducer_loss=loss, predictor=predictor, predictor_conf=PREDICTORS[predictor]
    )
    batch = ragged()
    for key, letter in (("speech", "A"), ("video", "V")):
        if letter not in mode:
            batch[key] = batch[key + "_lengths"] = None
    value, stats, _ = model(**batch)
    value.backward()
    assert tuple(stats) == tuple(STATS)
    absent = {"A": "frontend.visual", "V": "frontend.audio", "AV": "nothing"}[mode]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert bool(parameter.grad.any()) == (not name.startswith(absent)), name
    assert tuple(model.eval()(**batch)[1]) == tuple(STATS)


def test_statistics_of_a_small_model():
    model = transducer.model(ctc_weight=0.0, interctc_layers=[], units_weight=0.0)
    loss, stats, _ = model(**ragged())
    assert model.ctc is None
    assert tuple(stats) == tuple(STATS)
    told = loss.item()
    loss /= 2  # as ESPnet's Trainer does
    assert stats["loss_transducer"] == stats["loss"] == told
    loss *= 2
    assert math.isnan(stats["loss_ctc"])
    assert math.isnan(stats["loss_pruned"])
    assert torch.equal(loss, stats["loss_transducer"])
    names = {name.split(".")[0] for name, _ in model.named_parameters()}
    assert names == {"frontend", "encoder", "predictor", "joiner"}


@each_loss
def test_more_tokens_than_frames_are_aligned_and_counted(loss):
    model = transducer.model(transducer_loss=loss)
    batch = ragged((9, 2, 3), (5, 4, 3))
    value, stats, _ = model(**batch)
    value.backward()
    assert float(stats["too_long"]) == 1
    assert float(stats["transducer_impossible"]) == 0
    assert value.isfinite()
    assert all(p.grad.isfinite().all() for p in model.parameters())


def test_a_long_text_has_the_loss_of_the_slow_recursion():
    model = transducer.model().eval()
    batch = ragged((2,), (5,))
    frames, text = model.encode(*inputs(batch)).out[0], batch["text"][0].tolist()
    expected = transducer.negative_log_likelihood(model, frames, text)
    assert float(model(**batch)[1]["loss_transducer"]) == pytest.approx(expected, rel=1e-5)


@each_loss
@pytest.mark.parametrize("tokens", [(3, 0, 0), (0, 0, 0)])
def test_empty_transcripts_are_learned_and_counted(loss, tokens):
    model = transducer.model(transducer_loss=loss)
    batch = ragged(tokens=tokens)
    value, stats, _ = model(**batch)
    value.backward()
    assert float(stats["empty_text"]) == tokens.count(0)
    assert value.isfinite()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_an_empty_transcript_is_blanks():
    model = transducer.model().eval()
    batch = ragged((4,), (0,))
    frames = model.encode(*inputs(batch)).out[0]
    blanks = transducer.logits(model, frames, [])[:, 0].detach().log_softmax(-1)[:, 0]
    stats = model(**batch)[1]
    assert float(stats["loss_transducer"]) == pytest.approx(-float(blanks.sum()), rel=1e-5)
    assert math.isnan(stats["cer_ctc"])


def test_loss_is_the_mean_of_the_three_views():
    views = ModalityDropoutConfig(per="view")
    model, single = transducer.model(modality_dropout=views), transducer.model()
    for part in (model, single):
        for module in part.modules():
            if isinstance(module, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
                module.eval()
    batch = ragged((6, 6, 2), (1, 2, 3))
    loss, stats, weight = model(**batch)
    loss.backward()
    audio_only = {**batch, "video": None, "video_lengths": None}
    video_only = {**batch, "speech": None, "speech_lengths": None}
    parts = [single(**view)[1] for view in (batch, audio_only, video_only)]
    for name in ("loss", "loss_transducer", "loss_ctc", "loss_units"):
        mean = sum(part[name] for part in parts) / 3
        assert torch.allclose(stats[name], mean, rtol=1e-4), name
    assert float(weight) == 3
    assert float(stats["too_long"]) == 1


def test_the_encoder_waits_while_predictor_and_joiner_learn():
    model, batch = transducer.model(freeze_encoder_steps=2), ragged()
    for update in range(3):
        model.zero_grad(set_to_none=True)
        model.set_update(update)
        model(**batch)[0].backward()
        learning = {
            name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None
        }
        assert {"ctc", "predictor", "joiner"} <= learning
        assert ("encoder" in learning) == ("frontend" in learning) == (update >= 2)


def test_the_loss_warms_up_with_the_updates_and_not_in_evaluation():
    conf = {"warmup_steps": 10, "simple_scale": 0.5}
    model = transducer.model(transducer_loss="pruned", transducer_loss_conf=conf)
    for update, simple, pruned in ((0, 1.0, 0.1), (5, 0.75, 0.55), (10, 0.5, 1.0)):
        model.set_update(update)
        stats = model(**ragged())[1]
        expected = simple * stats["loss_simple"] + pruned * stats["loss_pruned"]
        assert torch.allclose(stats["loss_transducer"], expected, rtol=1e-5)
    model.eval().set_update(0)
    stats = model(**ragged())[1]
    expected = 0.5 * stats["loss_simple"] + stats["loss_pruned"]
    assert torch.allclose(stats["loss_transducer"], expected, rtol=1e-5)


@each_predictor
def test_learns_a_batch_by_heart(predictor):
    conf = {"lstm": {"hidden_size": 16}, "stateless": {"size": 16}}
    model = transducer.model(
        predictor=predictor,
        predictor_conf=conf[predictor],
        joint_size=32,
        units_weight=0.0,
        audio_frontend="none",
        audio_frontend_conf={},
        visual_frontend_conf={"width": 4, "image_pool": 2},
        fusion="none",
    )
    batch = ragged((12, 12, 10, 8), (3, 5, 0, 2))
    # Tokens that differ: a stateless predictor cannot count.
    different = torch.arange(1, 6) + torch.arange(4).unsqueeze(1)
    batch["text"] = torch.where(batch["text"] < 0, -1, different)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-2)
    for _ in range(80):
        loss, _, _ = model(**batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        optimizer.zero_grad()
    encoded = model.eval().encode(*inputs(batch))
    for b, length in enumerate(encoded.lengths):
        count = int(batch["text_lengths"][b])
        found, _, _ = greedy(model, encoded.out[b, :length], max_symbols=4)
        assert found == batch["text"][b, :count].tolist()


@each_loss
def test_half_precision_trains(loss):
    model = transducer.model(transducer_loss=loss)
    with torch.autocast("cpu", torch.bfloat16):
        value, stats, _ = model(**ragged())
    value.backward()
    assert value.dtype == stats["loss_transducer"].dtype == torch.float32
    exact = transducer.model(transducer_loss=loss)(**ragged())[0]
    assert value.item() == pytest.approx(exact.item(), rel=0.05)


@each_loss
def test_copies_and_pickles(loss):
    model = transducer.model(transducer_loss=loss).eval()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(**ragged())[0], model(**ragged())[0])


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
@each_loss
def test_gpu_equals_cpu(loss):
    model, batch = transducer.model(transducer_loss=loss).eval(), ragged()
    expected = model(**batch)[0].item()
    on_gpu = {k: v.cuda() if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    assert float(model.cuda()(**on_gpu)[0]) == pytest.approx(expected, rel=1e-3)
