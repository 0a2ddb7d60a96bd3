"""AV-MAE: exact masks, both losses and what they are measured against, padding, bad batches."""

import math

import pytest
import torch
from oracles import av_mae
from oracles.av_mae import batch, take

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models import MODELS
from espnet_av.models.av_mae import AVMaeConfig
from espnet_av.modules.vit import VitConfig

REL = {
    **av_mae.CONFORMER,
    "pos_enc_layer_type": "rel_pos",
    "selfattention_layer_type": "rel_selfattn",
}
VARIANTS = {
    "both": {},
    "mae": {"losses": "mae"},
    "clr": {"losses": "clr"},
    "dropped": {"losses": "mae", "masked_speech": "drop"},
    "values as they are": {"losses": "mae", "normalise_targets": False},
    "learned positions": {
        "film_encoder": VitConfig(**{**vars(av_mae.VIT), "positions": "learned"}),
        "decoder": VitConfig(**{**vars(av_mae.DECODER), "positions": "learned"}),
    },
    "relative": {"encoder_conf": REL, "audio_frontend_conf": {"num_mels": 8, "channels": 4}},
    "fixed temperature": {"learn_temperature": False},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_parameter_gets_a_gradient(name):
    model = av_mae.model(**VARIANTS[name])
    model.set_step(0, 0, 0)
    loss, stats, weight = model(**batch())
    loss.backward()
    assert stats["loss"] == loss.detach() and loss.isfinite() and weight == 3
    learning = {n: p for n, p in model.named_parameters() if p.requires_grad}
    assert all(p.grad is not None and p.grad.isfinite().all() for p in learning.values())
    assert ("logit_scale" in learning) == (
        name not in ("mae", "dropped", "values as they are", "fixed temperature")
    )
    assert any(n.startswith("filler.") for n in learning) == (name != "clr")
    assert model.reads == {"speech", "film"} and MODELS["av_mae"][0] is AVMaeConfig


@pytest.mark.parametrize("ratio", [0.6, 0.9])
@pytest.mark.parametrize("masked_speech", ["zero", "drop"])
def test_mask_counts_are_exact_and_what_is_hidden_is_not_encoded(ratio, masked_speech):
    model = av_mae.model(losses="mae", mask_ratio=ratio, masked_speech=masked_speech)
    seen = []
    model.film_encoder.transformer.register_forward_pre_hook(
        lambda _, args: seen.append(args[0].shape[1])
    )
    model.encoder.register_forward_pre_hook(lambda _, args: seen.append(args[1].tolist()))
    _, stats, _ = model(**batch((10, 7, 9)))
    hidden = {0.6: ([6, 4, 5], 5), 0.9: ([9, 6, 8], 7)}[ratio]  # of 10, 7, 9 and of 8 boxes
    left = [10 - hidden[0][0], 7 - hidden[0][1], 9 - hidden[0][2]]
    assert seen == [[10, 7, 9] if masked_speech == "zero" else left, 8 - hidden[1]]
    assert stats["masked_speech"].item() == pytest.approx(sum(hidden[0]) / 26)
    assert stats["masked_film"].item() == pytest.approx(hidden[1] / 8)


@pytest.mark.parametrize("masked_speech", ["zero", "drop"])
def test_what_is_hidden_has_no_influence_but_through_its_target(masked_speech):
    """Another sound in hidden frames alone changes neither encoder nor what is filled in."""
    model = av_mae.model(losses="mae", masked_speech=masked_speech).eval()
    data, predicted = batch(), []
    model.filler.register_forward_hook(lambda _, __, out: predicted.append(out.detach()))
    drawn = []
    hide = model._hide
    model._hide = lambda *args: drawn.append(hide(*args)) or drawn[-1]
    model(**data)
    boxes = drawn[1][0]
    patches = model.config.film.patches(data["film"])
    changed = torch.where(boxes.unsqueeze(2), torch.randn_like(patches), patches)
    object.__setattr__(model.config, "film", _Given(changed, model.config.film))
    embed = model.audio.embed
    noise = torch.where(drawn[0][0].unsqueeze(2), torch.randn(3, 10, 8), 0.0)
    model.audio.embed = lambda *args: embed(*args) + noise
    model(**data)
    assert torch.equal(predicted[0], predicted[2]) and torch.equal(predicted[1], predicted[3])


class _Given:
    """Boxes that were cut before."""

    def __init__(self, patches, config):
        self.patches = lambda film: patches
        self.num_frames, self.size = config.num_frames, config.size


def test_the_shared_decoder_learns_from_both():
    model = av_mae.model(losses="mae")
    shared = dict(model.filler.transformer.named_parameters())
    shared |= {"embed": model.filler.embed.weight, "mask_emb": model.filler.mask_emb}
    found = {}
    for kind in ("speech", "film"):
        model.zero_grad()
        losses = {}
        keep = model._filled
        model._filled = lambda *args, keep=keep, losses=losses: losses.setdefault(
            args[0], keep(*args)
        )
        model(**batch())
        losses[kind].loss.backward()
        model._filled = keep
        found[kind] = {name: p.grad.clone() for name, p in shared.items()}
        other = {"speech": "film", "film": "speech"}[kind]
        assert model.filler.heads[other].weight.grad is None
        assert model.filler.heads[kind].weight.grad.any()
        assert model.filler.kinds[other].grad is None
    for name in shared:
        if "k_proj.bias" not in name:  # it shifts all scores of a query alike
            assert found["speech"][name].any() and found["film"][name].any(), name


def test_an_utterance_gives_alone_what_it_gives_in_a_batch():
    model, data = av_mae.model(losses="mae").eval(), batch()
    whole, (features,) = model(**data)[0], model.extract_features(data, [2])[0]
    alone = []
    for row, length in enumerate((10, 7, 9)):
        single = take(data, [row], length)
        alone.append(model(**single)[0])
        (one,), _ = model.extract_features(single, [2])
        assert torch.allclose(features[row, :length], one[0], atol=1e-5)
    assert whole.item() == pytest.approx(torch.stack(alone).mean().item(), rel=1e-4)


def test_the_same_step_hides_the_same_and_ranks_differ():
    model, data = av_mae.model(losses="mae"), batch((30, 30, 30))
    losses = []
    for step, rank in ((1, 0), (1, 0), (1, 1), (2, 0)):
        model.set_step(step, rank, seed=3)
        losses.append(model(**data)[1]["loss_film"].item())
    assert losses[0] == losses[1] and len(set(losses)) == 3
    model.eval()
    assert model(**data)[0] == model(**data)[0]


def test_contrast_begins_at_chance_and_counts_its_own_batch():
    """Ln of the number of pairs, and the ratio to it; of a single pair there is none."""
    # In few dimensions, vectors lie far from each other by chance.
    wide = VitConfig(size=384, num_layers=1, attention_heads=2, linear_units=24)
    for count in (4, 16):
        stats = av_mae.model(losses="clr", film_encoder=wide)(**batch((8,) * count))[1]
        assert stats["loss_clr"].item() == pytest.approx(math.log(count), rel=0.1)
        ratio = stats["loss_clr"].item() / math.log(count)
        assert stats["clr_of_chance"].item() == pytest.approx(ratio)
        assert stats["scale"].item() == pytest.approx(1 / 0.07)
    single = av_mae.model(losses="clr")(**batch((8,)))[1]
    assert single["loss_clr"] == 0 and single["clr_of_chance"].isnan()


def fit(model, batches, lr=5e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    for step, data in enumerate(batches):
        model.set_step(step)
        loss, _, _ = model(**data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        model.eval()
        return model(**batch((12,) * 16, seed=999))[1]


@pytest.mark.timeout(60)
def test_pairs_are_learnt_and_shuffled_pairs_stay_at_chance():
    made = [batch((12,) * 16, seed=seed) for seed in range(36)]
    learnt = fit(av_mae.model(losses="clr", **av_mae.WIDER), made)
    assert learnt["clr_of_chance"] < 0.8 and learnt["acc_clr"] > 0.15
    generator = torch.Generator().manual_seed(0)
    for data in made:
        data["film"] = data["film"][torch.randperm(16, generator=generator)]
    shuffled = fit(av_mae.model(losses="clr", **av_mae.WIDER), made)
    assert 0.95 < shuffled["clr_of_chance"] < 1.2


@pytest.mark.timeout(60)
def test_filling_in_beats_the_mean():
    stats = fit(
        av_mae.model(losses="mae", **av_mae.WIDER), [batch((12,) * 16, seed=s) for s in range(50)]
    )
    assert stats["speech_of_mean"] < 0.96
    assert stats["film_of_mean"] < 0.5


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mask_ratio": 1.0}, "mask_ratio is 1.0"),
        ({"mask_ratio": 60.0}, "share above 0 and below 1"),
        ({"clr_weight": 0.0}, "losses: mae"),
        ({"temperature": 0.0}, "temperature 0.0"),
        ({"masked_speech": "drop", "encoder_conf": {}}, "pos_enc_layer_type: abs_pos"),
        ({"audio_frontend_conf": {"spec_augment": {}}}, "leave it out here"),
        ({"dropout_rate": 2.0}, "dropout_rate 2.0"),
    ],
)
def test_configurations_that_make_no_sense(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        AVMaeConfig(**changes)


def test_an_utterance_without_film_or_sound_is_named():
    model = av_mae.model()
    data = batch()
    with pytest.raises(DataDirError, match=r"u0: has no film.*film.scp"):
        model(**{**data, "film": None, "film_lengths": None})
    with pytest.raises(DataDirError, match="u1: has no film"):
        model(**{**data, "film_lengths": torch.tensor([4, 0, 4])})
    with pytest.raises(DataDirError, match=r"u2: a film of 3 frames.*film_frames: 4"):
        model(**{**data, "film_lengths": torch.tensor([4, 4, 3])})
    with pytest.raises(DataDirError, match=r"u0: a film of 4 frames of 6x8, .*film_size: 8"):
        model(**{**data, "film": data["film"][:, :, :, :6]})
    with pytest.raises(DataDirError, match="u1 has 0 audio samples"):
        model(**{**data, "speech_lengths": torch.tensor([6400, 0, 5760])})
    with pytest.raises(DataDirError, match="neither speech"):
        model(**{**data, "speech": None, "speech_lengths": None})


def test_sound_of_half_a_minute_after_ten_seconds():
    model = av_mae.model().eval()
    speech = torch.randn(1, 35 * 16000) * 0.1
    given = {"speech": speech, "speech_lengths": torch.tensor([speech.size(1)])}
    (features,), lengths = model.extract_features(given, [None])
    assert lengths.tolist() == [875] and features.shape == (1, 875, 8)
    assert features.isfinite().all()
