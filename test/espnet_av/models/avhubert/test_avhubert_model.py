"""The pre-training family: against its oracle, invariances, what is dropped, statistics."""

import copy
import math

import pytest
import torch
from oracles import avhubert
from oracles.layer_features import features_of

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models.abs_model import NO_SIZES
from espnet_av.models.avhubert import AVHubertConfig, AVHubertModel
from espnet_av.models.avhubert.masking import draw_masks
from espnet_av.models.avhubert.model import STATS
from espnet_av.modules.step_noise import StepNoise

AUDIO_ONLY = {"video_lengths": torch.tensor([9, 0, 4])}
"""The second utterance has no video, as in u-HuBERT."""


def make(kind, **changes):
    made = avhubert.model(**{**avhubert.FAMILY[kind], **changes})
    return made, avhubert.batch(rate=made.feature_rate)


def masks_of(model, batch):
    """What `forward` will draw next."""
    lengths = model.frontend.read_lengths(
        *(batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths"))
    )
    noise = StepNoise(model._noise_of, torch.device("cpu"), model.training, batch["utt_id"])
    return draw_masks(model.config, noise, lengths)


def assert_equals_oracle(model, batch, masks, dropped=()):
    loss, stats, weight = model(**batch)
    expected, expected_weight, expected_stats = avhubert.loss(
        copy.deepcopy(model).eval(), batch, masks, dropped
    )
    assert weight.item() == expected_weight
    assert loss.item() == pytest.approx(expected, rel=2e-4)
    for name, value in expected_stats.items():
        assert stats[name].item() == pytest.approx(value, rel=2e-4), name


@pytest.mark.parametrize("kind", avhubert.FAMILY)
@pytest.mark.parametrize("changes", [{}, AUDIO_ONLY])
def test_loss_equals_the_oracle(kind, changes):
    model, batch = make(kind)
    batch.update(changes)
    batch["units"][0, 2] = -1
    model.eval()
    masks = masks_of(model, batch)
    assert masks.audio.any()
    assert masks.video.any() == (model.config.masking == "input")
    assert_equals_oracle(model, batch, masks)


@pytest.mark.parametrize(("p_a", "dropped"), [(0.0, "video"), (1.0, "audio")])
@pytest.mark.parametrize("kind", ["avhubert", "xlavsr"])
def test_what_is_dropped_is_not_computed_but_its_masks_are_predicted(kind, p_a, dropped):
    dropout = {"drop_prob": 1.0, "audio_given_drop": p_a}
    model, batch = make(kind, modality_dropout=dropout)
    computed = []
    for name in ("audio", "visual"):
        part = getattr(model.frontend, name)
        part.register_forward_pre_hook(lambda _, args, name=name: computed.append(name))
    model.set_step(3)
    if dropped == "audio":
        # Batch norm in training would see other statistics than the oracle, clip by clip.
        model.frontend.visual.eval()
    masks = masks_of(model, batch)
    loss, _, _ = model(**batch)
    assert computed == ["visual" if dropped == "audio" else "audio"]
    loss.backward()
    skipped = model.frontend.visual if dropped == "video" else model.frontend.audio
    assert not any(p.grad.any() for p in skipped.parameters())
    assert_equals_oracle(model, batch, masks, (dropped,))


def test_per_utterance_dropout_with_sound_only_utterances():
    dropout = {"drop_prob": 0.5, "audio_given_drop": 0.5, "per": "utterance"}
    model, batch = make("avhubert", modality_dropout=dropout)
    batch["video_lengths"] = torch.tensor([9, 0, 4])
    seen = set()
    for step in range(40):
        model.set_step(step)
        lengths = model.frontend.read_lengths(
            *(batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths"))
        )
        audio, video = model.frontend.draw_kept(lengths)
        assert audio[1]
        assert not video[1]
        seen.add((bool(audio[0]), bool(video[0])))
    assert seen == {(True, True), (True, False), (False, True)}


def same(one, other, rel=1e-4):
    assert one.item() == pytest.approx(other.item(), rel=rel)


@pytest.mark.parametrize("kind", avhubert.FAMILY)
def test_a_batch_gives_what_its_utterances_give(kind):
    model, batch = make(kind, features_penalty=0.0)
    model.eval()
    batch["video_lengths"] = torch.tensor([9, 0, 4])
    loss, _, weight = model(**batch)
    parts = []
    for row, length in enumerate((9, 6, 4)):
        alone = {key: value[row : row + 1] for key, value in batch.items()}
        alone["speech"], alone["video"] = alone["speech"][:, : length * 640], alone["video"]
        alone["video"] = alone["video"][:, :length]
        parts.append(model(**alone))
        together = features_of(model, *inputs(batch))[0][row]
        features, lengths = features_of(model, *inputs(alone))
        assert lengths.tolist() == [length * model.feature_rate // 25]
        assert torch.allclose(features[0], together[: lengths[0]], atol=1e-5)
    total = sum(part[2] for part in parts)
    same(loss, sum(part[0] * part[2] for part in parts) / total)
    assert weight.item() == total.item()


def inputs(batch):
    return [batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths")]


def test_garbage_in_the_padding_changes_nothing():
    for kind in avhubert.FAMILY:
        model, batch = make(kind)
        model.eval()
        expected = model(**batch)[1]
        batch["speech"][1, 6 * 640 :] = 7.0
        batch["video"][1, 6:] = 255
        batch["units"][1, 6 * model.feature_rate // 25 :] = 0
        for name, value in model(**batch)[1].items():
            same(value, expected[name], 1e-5)


def test_layers_are_the_residual_stream_and_nothing_is_masked():
    model, batch = make("xlavsr")
    model.eval()
    fused = model.frontend(*inputs(batch))
    for layer in (1, 2):
        features, lengths = features_of(model, *inputs(batch), layer=layer)
        expected = model.encoder.layer_outputs(fused.features, fused.lengths, [layer])[0]
        assert torch.equal(features, expected)
        assert lengths.tolist() == [18, 12, 8]
    last, _ = features_of(model, *inputs(batch))
    assert torch.equal(last, model.encoder.layer_norm(features))


def test_masks_follow_seed_step_and_rank():
    model, batch = make("avhubert"), avhubert.batch((40, 40))
    model = model[0]

    def draw(**numbers):
        model.set_step(**numbers)
        torch.rand(3)
        masks = masks_of(model, batch)
        return torch.cat([masks.audio.flatten(), masks.video.flatten(), masks.sources.flatten()])

    first = draw(step=5, rank=0, seed=1)
    assert torch.equal(first, draw(step=5, rank=0, seed=1))
    for other in ({"step": 6}, {"rank": 1}, {"seed": 2}):
        assert not torch.equal(first, draw(**{"step": 5, "rank": 0, "seed": 1, **other}))


def test_masks_of_evaluation_do_not_depend_on_the_step():
    model, batch = make("avhubert")
    model.eval()
    losses = []
    for step in range(2):
        model.set_step(step)
        losses.append(model(**batch)[0])
    assert torch.equal(*losses)


def test_statistics():
    model, batch = make("avhubert")
    model.eval()
    batch["video_lengths"] = torch.tensor([9, 0, 4])
    masks, (loss, stats, _) = masks_of(model, batch), model(**batch)
    assert tuple(stats) == tuple(STATS)
    assert torch.equal(stats["loss"], loss.detach())
    assert stats["masked_audio"].item() == pytest.approx(masks.audio.sum().item() / 19)
    assert stats["masked_video"].item() == pytest.approx(masks.video.sum().item() / 13)
    batch["video"] = batch["video_lengths"] = None
    without = model(**batch)[1]
    assert tuple(without) == tuple(STATS)
    assert math.isnan(without["masked_video"])


@pytest.mark.parametrize("kind", avhubert.FAMILY)
@pytest.mark.parametrize("mode", ["A", "V", "AV"])
def test_every_parameter_has_a_gradient_in_every_mode(kind, mode):
    model, batch = make(kind)
    for key, letter in (("speech", "A"), ("video", "V")):
        if letter not in mode:
            batch[key] = batch[key + "_lengths"] = None
    model(**batch)[0].backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None]
    for part, letter in (("audio", "A"), ("visual", "V")):
        moved = [p.grad.any() for p in getattr(model.frontend, part).parameters()]
        assert any(moved) == (letter in mode)


@pytest.mark.parametrize("kind", ["avhubert", "xlavsr"])
def test_front_ends_learn_at_a_share_of_the_rate(kind):
    grads = []
    for scale in (1.0, 0.1):
        model, batch = make(kind, feature_grad_mult=scale)
        model.set_step(1)
        model(**batch)[0].backward()
        grads.append({name: p.grad for name, p in model.named_parameters()})
    for name, full in grads[0].items():
        front = name.startswith(("frontend.audio", "frontend.visual"))
        front = front or (name == "mask_emb" and kind == "avhubert")
        assert torch.allclose(grads[1][name], full * (0.1 if front else 1.0), atol=1e-6), name


def test_every_view_of_an_utterance_is_predicted():
    model, batch = make("avhubert", modality_dropout={"per": "view"})
    loss, _, weight = model(**batch)
    loss.backward()
    once = make("avhubert")[0](**batch)[2]
    assert weight.item() > 2 * once.item()


def test_half_precision_trains():
    model, batch = make("xlavsr")
    with torch.autocast("cpu", torch.bfloat16):
        loss, _, _ = model(**batch)
    loss.backward()
    model.eval()
    exact = model(**batch)[0]
    with torch.autocast("cpu", torch.bfloat16):
        assert model(**batch)[0].item() == pytest.approx(exact.item(), rel=0.05)


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="predicts units, but there are none"):
        AVHubertModel.from_config(AVHubertConfig(), NO_SIZES)
    model, batch = make("avhubert")
    with pytest.raises(DataDirError, match="the batch has no units"):
        model(**{**batch, "units": None})
    with pytest.raises(ConfigError, match="freeze_param"):
        avhubert.config(feature_grad_mult=0.0)
    with pytest.raises(ConfigError, match="unmasked_weight is -1"):
        avhubert.config(unmasked_weight=-1.0)
    with pytest.raises(ConfigError, match="temperature"):
        avhubert.config(temperature=0.0)


def test_collect_feats_masks_nothing():
    model, batch = make("avhubert")
    model.eval()
    feats = model.collect_feats(**batch)
    assert torch.equal(feats["feats"], model.frontend(*inputs(batch)).features)
    assert feats["feats_lengths"].tolist() == [9, 6, 4]
