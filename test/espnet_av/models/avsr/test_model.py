"""The recogniser: invariances, modes, losses, statistics, dropping without computing."""

import copy
import math
import pickle

import pytest
import torch
from oracles import av_batch

from espnet_av.compat import th_accuracy
from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import ModalityDropoutConfig
from espnet_av.models.avsr.model import STATS
from espnet_av.ops.stream_lengths import read_lengths

ENCODERS = {
    "conformer": av_batch.config().encoder_conf,
    "rnn": {"rnn_type": "gru", "hidden_size": 8, "output_size": 8, "num_layers": 2},
}


def encode(model, batch, mode="AV", rows=slice(None), length=None):
    audio, video = "A" in mode, "V" in mode
    samples = None if length is None else length * 640
    return model.encode(
        batch["speech"][rows, :samples] if audio else None,
        batch["speech_lengths"][rows] if audio else None,
        batch["video"][rows, :length] if video else None,
        batch["video_lengths"][rows] if video else None,
    )


def lengths_of(batch):
    return read_lengths(batch["speech_lengths"], batch["video_lengths"])


def count_calls(model):
    """Clips that each front end is asked to compute, call by call."""
    calls = {"audio": [], "visual": []}
    for name, seen in calls.items():
        part = getattr(model.frontend, name)
        part.register_forward_pre_hook(lambda _, args, seen=seen: seen.append(len(args[0])))
    return calls


@pytest.mark.parametrize("mode", ["A", "V", "AV"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("fusion", ["concat", "sum"])
def test_batch_equals_each_alone(mode, encoder, fusion):
    changes = {"interctc_layers": []} if encoder == "rnn" else {}
    model = av_batch.model(
        encoder=encoder, encoder_conf=ENCODERS[encoder], fusion=fusion, **changes
    ).eval()
    batch = av_batch.batch((4, 9, 6))
    together = encode(model, batch, mode)
    assert together.lengths.tolist() == [4, 9, 6]
    assert together.out.shape[:2] == (3, 9)
    for b, length in enumerate([4, 9, 6]):
        alone = encode(model, batch, mode, slice(b, b + 1), length)
        assert torch.allclose(together.out[b, :length], alone.out[0], atol=1e-5)


def test_garbage_in_the_padding_changes_nothing():
    model = av_batch.model().eval()
    batch = av_batch.batch((9, 6))
    other = {key: copy.copy(value) for key, value in batch.items()}
    other["speech"] = batch["speech"].clone()
    other["speech"][1, 6 * 640 :] = 7.0
    other["video"] = batch["video"].clone()
    other["video"][1, 6:] = 255
    other["units"] = batch["units"].clone()
    other["units"][1, 6:] = 0
    for key, value in model(**batch)[1].items():
        assert torch.allclose(value, model(**other)[1][key], equal_nan=True), key


def test_mixed_batch_equals_its_parts():
    model = av_batch.model().eval()
    batch = av_batch.batch((6, 6, 6))
    batch["speech_lengths"] = torch.tensor([3840, 0, 3840])
    batch["video_lengths"] = torch.tensor([6, 6, 0])
    together = encode(model, batch)
    for b, mode in enumerate(["AV", "V", "A"]):
        alone = encode(model, batch, mode, slice(b, b + 1))
        assert torch.allclose(together.out[b], alone.out[0], atol=1e-5)


@pytest.mark.parametrize(("frontend", "mode"), [("audio", "A"), ("visual", "V")])
def test_a_model_without_a_front_end_ignores_that_modality(frontend, mode):
    other = {"audio": "visual", "visual": "audio"}[frontend]
    model = av_batch.model(**{f"{other}_frontend": "none", f"{other}_frontend_conf": {}}).eval()
    batch = av_batch.batch()
    assert torch.equal(encode(model, batch).out, encode(model, batch, mode).out)
    missing = {"A": "V", "V": "A"}[mode]
    with pytest.raises(DataDirError, match="neither speech nor video"):
        encode(model, batch, missing)


def test_durations_that_differ_name_the_utterance():
    batch = av_batch.batch()
    batch["video_lengths"] = torch.tensor([9, 5, 4])
    with pytest.raises(DataDirError, match="utterance s1-u has 3840 audio samples"):
        av_batch.model()(**batch)


def test_loss_is_the_weighted_sum():
    model = av_batch.model()
    loss, stats, weight = model(**av_batch.batch())
    inner = 0.7 * stats["loss_ctc"] + 0.3 * stats["loss_interctc"]
    expected = 0.3 * inner + 0.7 * stats["loss_att"] + 0.5 * stats["loss_units"]
    assert torch.allclose(loss, expected)
    assert torch.equal(stats["loss"], loss.detach())
    assert float(weight) == 3


def test_the_mean_over_parts_is_the_loss_of_the_whole():
    model = av_batch.model().eval()
    batch = av_batch.batch((6, 6, 6))
    whole = model(**batch)[1]
    parts = [model(**{k: v[rows] for k, v in batch.items()}) for rows in (slice(0, 1), slice(1, 3))]
    for key in ("loss", "loss_ctc", "loss_interctc", "loss_att", "loss_units"):
        mean = sum(stats[key] * weight for _, stats, weight in parts) / 3
        assert torch.allclose(whole[key], mean, rtol=1e-4), key


def test_accuracy_is_espnets():
    model = av_batch.model().eval()
    batch = av_batch.batch()
    batch["text"][1, 1:] = -1
    batch["text_lengths"][1] = 1
    seen = []
    model.decoder.register_forward_hook(lambda _, args, out: seen.append(out[0]))
    stats = model(**batch)[1]
    targets = torch.nn.functional.pad(batch["text"], (0, 1), value=-1)
    targets[0, 3] = targets[2, 3] = targets[1, 1] = av_batch.VOCAB_SIZE - 1
    expected = th_accuracy(seen[0].flatten(0, 1), targets, ignore_label=-1)
    assert float(stats["acc"]) == pytest.approx(expected)


def test_statistics_have_the_same_names_in_every_mode():
    model = av_batch.model(modality_dropout=ModalityDropoutConfig(drop_prob=1.0))
    batch = av_batch.batch()
    training = model(**batch)[1]
    assert tuple(training) == tuple(STATS)
    assert math.isnan(training["cer_ctc"])
    batch["units"] = None
    without_labels = model(**batch)[1]
    assert tuple(without_labels) == tuple(STATS)
    assert math.isnan(without_labels["acc_units"])
    assert float(without_labels["loss_units"]) == 0.0
    evaluation = model.eval()(**batch)[1]
    assert tuple(evaluation) == tuple(STATS)
    assert evaluation["cer_ctc"].isfinite()
    small = av_batch.model(
        decoder="none", decoder_conf={}, ctc_weight=1.0, interctc_layers=[], units_weight=0.0
    )
    stats = small(**batch)[1]
    assert tuple(stats) == tuple(STATS)
    assert math.isnan(stats["acc"])
    assert small.decoder is None


def test_attention_only():
    model = av_batch.model(ctc_weight=0.0, interctc_layers=[])
    loss, stats, _ = model(**av_batch.batch())
    assert model.ctc is None
    assert math.isnan(stats["loss_ctc"])
    assert loss.isfinite()


def test_greedy_error_rate():
    model = av_batch.model(interctc_layers=[]).eval()
    best = torch.tensor([[3, 3, 0, 3, 0, 0], [0, 0, 5, 5, 9, 9]])
    model.ctc.argmax = lambda hidden: best
    batch = av_batch.batch((6, 4))
    batch["text"] = torch.tensor([[3, 3, 4], [5, -1, -1]])
    batch["text_lengths"] = torch.tensor([3, 1])
    # 3 3 against 3 3 4: one deletion; 5 (two frames are padding) against 5: none; 1 / 4.
    assert float(model(**batch)[1]["cer_ctc"]) == pytest.approx(0.25)


def test_text_longer_than_the_frames_is_counted_and_finite():
    model = av_batch.model()
    batch = av_batch.batch((9, 2), tokens=3)
    loss, stats, _ = model(**batch)
    loss.backward()
    assert float(stats["ctc_impossible"]) == 1
    assert loss.isfinite()
    assert all(p.grad.isfinite().all() for p in model.parameters())
    model.eval()
    both = model(**batch)[1]["loss_ctc"]
    alone = model(**{key: value[:1] for key, value in batch.items()})[1]["loss_ctc"]
    assert torch.allclose(both, alone / 2, rtol=1e-4)


def test_a_repeated_token_needs_one_frame_more():
    model = av_batch.model(interctc_layers=[])
    batch = av_batch.batch((3, 3), tokens=3)
    batch["text"] = torch.tensor([[1, 2, 3], [1, 1, 2]])
    assert float(model(**batch)[1]["ctc_impossible"]) == 1


@pytest.mark.parametrize(("p_a", "computed"), [(0.0, "audio"), (1.0, "visual")])
@pytest.mark.parametrize("per", ["batch", "utterance"])
def test_what_is_dropped_is_not_computed(p_a, computed, per):
    dropout = ModalityDropoutConfig(drop_prob=1.0, audio_given_drop=p_a, per=per)
    model = av_batch.model(modality_dropout=dropout)
    calls = count_calls(model)
    loss, _, _ = model(**av_batch.batch())
    assert calls == {"audio": [], "visual": [], computed: [3]}
    loss.backward()
    skipped = model.frontend.visual if computed == "audio" else model.frontend.audio
    assert all(torch.equal(p.grad, torch.zeros_like(p)) for p in skipped.parameters())
    model.eval()(**av_batch.batch())
    assert calls["audio"][-1] == calls["visual"][-1] == 3


def test_per_utterance_dropout_computes_the_kept_clips_only():
    dropout = ModalityDropoutConfig(drop_prob=0.5, audio_given_drop=0.5, per="utterance")
    model = av_batch.model(modality_dropout=dropout)
    calls, batch = count_calls(model), av_batch.batch((4,) * 8)
    for step in range(20):
        model.set_step(step, rank=0, seed=1)
        audio, video = model.frontend.draw_kept(lengths_of(batch))
        before = {key: len(seen) for key, seen in calls.items()}
        model(**batch)
        for key, kept in (("audio", audio), ("visual", video)):
            assert calls[key][before[key] :] == ([int(kept.sum())] if kept.any() else [])


def test_dropping_equals_giving_without():
    dropout = ModalityDropoutConfig(drop_prob=1.0, audio_given_drop=0.0)
    model, batch = av_batch.model(modality_dropout=dropout), av_batch.batch()
    dropped = model(**batch)[0]
    without = model(**{**batch, "video": None, "video_lengths": None})[0]
    assert torch.equal(dropped, without)


def test_draws_follow_seed_step_and_rank():
    dropout = ModalityDropoutConfig(drop_prob=0.5, per="utterance")
    model, lengths = av_batch.model(modality_dropout=dropout), lengths_of(av_batch.batch((4,) * 30))

    def draw(**numbers):
        model.set_step(**numbers)
        torch.rand(3)
        return torch.stack(model.frontend.draw_kept(lengths))

    first = draw(step=5, rank=0, seed=1)
    assert torch.equal(first, draw(step=5, rank=0, seed=1))
    for other in ({"step": 6}, {"rank": 1}, {"seed": 2}):
        assert not torch.equal(first, draw(**{"step": 5, "rank": 0, "seed": 1, **other}))


def test_without_set_step_draws_follow_the_default_generator():
    model = av_batch.model(modality_dropout=ModalityDropoutConfig(drop_prob=0.5, per="utterance"))
    lengths = lengths_of(av_batch.batch((4,) * 30))
    torch.manual_seed(3)
    first = torch.stack(model.frontend.draw_kept(lengths))
    assert not torch.equal(first, torch.stack(model.frontend.draw_kept(lengths)))
    torch.manual_seed(3)
    assert torch.equal(first, torch.stack(model.frontend.draw_kept(lengths)))


@pytest.mark.parametrize("mode", ["A", "V", "AV"])
def test_every_parameter_has_a_gradient_in_every_mode(mode):
    model, batch = av_batch.model(), av_batch.batch()
    for key, letter in (("speech", "A"), ("video", "V")):
        if letter not in mode:
            batch[key] = batch[key + "_lengths"] = None
    model(**batch)[0].backward()
    used = {"A": "frontend.audio", "V": "frontend.visual"}
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
    for letter, prefix in used.items():
        moved = [p.grad.any() for n, p in model.named_parameters() if n.startswith(prefix)]
        assert all(moved) if letter in mode else not any(moved)


def test_frozen_parameters_stay_frozen_when_their_branch_is_left_out():
    model = av_batch.model(
        modality_dropout=ModalityDropoutConfig(drop_prob=1.0, audio_given_drop=0.0)
    )
    model.frontend.visual.requires_grad_(False)
    model(**av_batch.batch())[0].backward()
    assert all(p.grad is None for p in model.frontend.visual.parameters())


def test_copies_and_pickles():
    model = av_batch.model().eval()
    model.set_step(3)
    batch = av_batch.batch()
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(twin(**batch)[0], model(**batch)[0])


def test_half_precision_trains():
    model = av_batch.model()
    with torch.autocast("cpu", torch.bfloat16):
        loss, stats, _ = model(**av_batch.batch())
    loss.backward()
    assert loss.dtype == stats["loss_ctc"].dtype == torch.float32
    exact = av_batch.model()(**av_batch.batch())[0]
    assert loss.item() == pytest.approx(exact.item(), rel=0.05)


def test_collect_feats():
    feats = av_batch.model().eval().collect_feats(**av_batch.batch())
    assert feats["feats"].shape == (3, 9, 8)
    assert feats["feats_lengths"].tolist() == [9, 6, 4]


def test_public_constructor_checks_types():
    with pytest.raises(Exception, match="vocab is '12'"):
        type(av_batch.model())(av_batch.config(), Sizes(vocab="12", units=5))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an accelerator")
def test_gpu_equals_cpu():
    model = av_batch.model().eval()
    batch = av_batch.batch()
    expected = model(**batch)[0]
    on_gpu = {k: v.cuda() if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
    assert float(model.cuda()(**on_gpu)[0]) == pytest.approx(float(expected), rel=1e-3)
