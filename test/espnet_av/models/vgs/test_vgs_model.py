"""VGS+: what it promises of HuBERT's loss, batches, padding, images, layers and gradients."""

import pytest
import torch
from oracles import masked_audio, vgs
from oracles.vgs import batch, take

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.vgs import VGSConfig, VGSModel
from espnet_av.modules.cross_encoder import CrossEncoderConfig
from espnet_av.modules.image_branch import ImageConfig
from espnet_av.train.freezing import FrozenParts

VARIANTS = {
    "usual": {},
    "no class": {"audio_class": "none"},
    "class behind positions": {"audio_class": "behind_positions"},
    "class head": {"speech_head": "class"},
    "matching alone": {"alpha": 1.0},
    "two passes": {"clean_pass_for_grounding": True},
    "cosine": {"similarity": "cosine", "matching_temperature": 0.07},
    "cross encoder": {"cross_encoder": CrossEncoderConfig(num_layers=1)},
    "patches": {"image": ImageConfig(kind="patches", feature_size=7, num_layers=1)},
    "class token": {"image": ImageConfig(kind="class_token", feature_size=7)},
    "norm behind": {"encoder_conf": {**vgs.SMALL["encoder_conf"], "pre_norm": False}},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_parameter_gets_a_gradient(name):
    model = vgs.model(**VARIANTS[name])
    model.set_step(0, 0, 0)
    loss, stats, weight = model(**batch())
    loss.backward()
    assert loss.isfinite()
    assert stats["loss"] == loss.detach()
    assert weight == 3
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    learned = {name for name, p in model.named_parameters() if p.grad.any()}
    assert {"frontend.audio.project.weight", "encoder.layers.1.fc1.weight"} <= learned
    matching = {n for n in learned if n.startswith(("image_branch", "speech_head", "audio_class"))}
    assert matching
    above = {n for n in learned if n.startswith(("encoder.layers.2", "units_head"))}
    assert bool(above) == (name != "matching alone")


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("images", [(5,), (5, 5, 5)])
def test_a_batch_without_negatives_is_told_and_learns_units_alone(name, images):
    model = vgs.model(**VARIANTS[name])
    model.set_step(0, 0, 0)
    loss, stats, _ = model(**batch((24, 9, 15)[: len(images)], images))
    loss.backward()
    assert stats["without_negatives"] == len(images) and stats["loss_matching"] == 0
    assert all(p.grad.isfinite().all() for p in model.parameters())
    assert not any(p.grad.any() for p in model.image_branch.parameters())
    assert bool(loss) == (name != "matching alone")


@pytest.mark.parametrize("audio_class", ["none", "before_positions", "behind_positions"])
@pytest.mark.parametrize("layer", [1, 3])
def test_the_first_layer_or_the_last_is_grounded(layer, audio_class):
    encoder = {**vgs.SMALL["encoder_conf"], "layerdrop": 0.9}
    model = vgs.model(grounding_layer=layer, audio_class=audio_class, encoder_conf=encoder)
    model.set_step(3, 0, 0)
    model(**batch())[0].backward()
    heads = [*model.image_branch.parameters(), *model.speech_head.parameters()]
    assert all(p.grad.isfinite().all() for p in heads) and any(p.grad.any() for p in heads)
    chosen = model.encoder.layers[layer - 1]
    assert all(p.grad.isfinite().all() and p.grad.any() for p in (chosen.fc1.weight,))


def test_stage_two_begins_with_the_loss_of_stage_one():
    """Without a class vector, to the last bit, in training and in evaluation."""
    encoder = {**vgs.SMALL["encoder_conf"], "layerdrop": 0.4}
    hubert = masked_audio.model("hubert", encoder_conf=encoder, unmasked_weight=0.0)
    # Where stage one drops the grounding layer, stage two must not.
    steps = [s for s in range(20) if _keeps(hubert, s, layer=2)][:3]
    model = vgs.model(seed=5, audio_class="none", encoder_conf=encoder)
    report = model.load_state_dict(hubert.state_dict(), strict=False)
    assert not report.unexpected_keys
    parts = {name.split(".")[0] for name in report.missing_keys}
    assert parts == {"speech_head", "image_branch"}
    for step in steps:
        for each in (hubert, model):
            each.set_step(step, 0, 3)
        expected, found = hubert(**batch())[1], model(**batch())[1]
        for key in ("loss_masked", "loss_unmasked", "acc_masked", "masked", "features_penalty"):
            assert torch.equal(found[key], expected[key]), (step, key)
    evaluated = [each.eval()(**batch())[1]["loss_masked"] for each in (hubert, model)]
    assert torch.equal(*evaluated)


def _keeps(model, step, layer):
    model.encoder.set_step(step, 0, 3)
    return model.encoder._draw_kept(3)[layer - 1]


def test_the_grounding_layer_is_never_dropped():
    encoder = {**vgs.SMALL["encoder_conf"], "layerdrop": 0.99}
    model = vgs.model(encoder_conf=encoder)
    calls = []
    for number, layer in enumerate(model.encoder.layers, start=1):
        layer.register_forward_hook(lambda *_, number=number: calls.append(number))
    for step in range(10):
        model.set_step(step, 0, 0)
        model(**batch())
    assert calls.count(2) == 10
    assert calls.count(1) + calls.count(3) < 10


def test_both_losses_by_their_share():
    losses = {}
    for alpha in (0.0, 0.25, 0.5):
        model = vgs.model(alpha=alpha)
        model.set_step(1, 0, 0)
        loss, stats, _ = model(**batch())
        losses[alpha] = loss.item()
        expected = (1 - alpha) * stats["loss_masked"] + alpha * stats["loss_matching"]
        assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert losses[0.25] == pytest.approx((losses[0.0] + losses[0.5]) / 2, rel=1e-5)


def test_one_pass_hears_masks_and_two_do_not():
    """In evaluation matching never does."""
    data, whole = batch((12, 12, 12)), {}
    for two in (False, True):
        model = vgs.model(clean_pass_for_grounding=two)
        model.set_step(1, 0, 0)
        whole[two] = model(**data)[1]
        model.span_mask = type(model.span_mask)(start_prob=0.0, min_spans=0)
        assert torch.equal(model(**data)[1]["loss_matching"], whole[two]["loss_matching"]) == two
    assert torch.equal(whole[False]["masked"], whole[True]["masked"])
    evaluated = [
        vgs.model(clean_pass_for_grounding=two).eval()(**data)[1]["loss_matching"]
        for two in (False, True)
    ]
    assert torch.equal(*evaluated)


@pytest.mark.parametrize("name", VARIANTS)
def test_neither_order_nor_padding_changes_anything(name):
    model, data = vgs.model(**VARIANTS[name]).eval(), batch(images=(4, 4, 6))
    loss, stats, weight = model(**data)
    other, again, same = model(**take(data, [2, 0, 1]))
    assert weight == same
    assert torch.allclose(loss, other, rtol=1e-4)
    longer = {**data, "speech": torch.cat([data["speech"], torch.full((3, 1280), 9.0)], dim=1)}
    assert torch.allclose(model(**longer)[0], loss, rtol=1e-4)
    assert again.keys() == stats.keys()
    vectors = model.vectors(data)
    for row, frames in ((1, 9), (2, 15)):
        alone = model.vectors(take(data, [row], frames))
        for view, found in alone.items():
            assert torch.allclose(found[0], vectors[view][row], atol=2e-3), (row, view)


def test_captions_of_one_image_in_two_languages():
    """English and French of image 0: neither is a negative of the other."""
    data = batch((12, 12, 12, 12), images=(0, 0, 1, 2))
    apart = {**data, "image_id": torch.tensor([0, 9, 1, 2])}
    model = vgs.model().eval()
    together, alone = model(**data)[1], model(**apart)[1]
    assert together["loss_matching"] < alone["loss_matching"]
    assert together["masked_negatives"] == pytest.approx(2 / 12)
    assert alone["masked_negatives"] == 0
    assert together["without_negatives"] == 0
    one = {**data, "image_id": torch.zeros(4, dtype=torch.int64)}
    degenerate = model(**one)[1]
    assert degenerate["loss_matching"] == 0.0
    assert degenerate["without_negatives"] == 4
    assert degenerate["masked_negatives"] == 1


def test_frozen_convolutions_have_no_gradient_and_the_rest_has():
    model = vgs.model(audio_frontend_conf={"channels": 6, "feature_grad_mult": 0.0})
    FrozenParts(model, ["frontend.audio.extractor."])
    model.set_step(0, 0, 0)
    model(**batch())[0].backward()
    frozen = [p for n, p in model.named_parameters() if n.startswith("frontend.audio.extractor.")]
    assert len(frozen) > 7
    assert all(p.grad is None for p in frozen)
    rest = [p for n, p in model.named_parameters() if "extractor" not in n]
    assert all(p.grad is not None for p in rest)


def test_only_the_beginning_is_matched_and_all_frames_are_given():
    model = vgs.model(crop_sec=0.4, eval_crop_sec=0.2).eval()
    data = batch((24, 9, 15))
    short = take(data, [0, 1, 2], 5)
    short["speech_lengths"] = short["speech_lengths"].clamp(max=5 * 640)
    found, expected = model.vectors(data), model.vectors(short)
    assert torch.allclose(found["speech"], expected["speech"], atol=1e-5)
    features, lengths = model.extract_features(data, [1, None])
    assert lengths.tolist() == [48, 18, 30]
    assert all(layer.shape == (3, 48, 8) for layer in features)
    model.train().set_step(0, 0, 0)
    assert model(**data)[1]["masked"] > 0
    assert vgs.model(crop_sec=0.0, eval_crop_sec=0.0).eval().vectors(data)["speech"].shape == (
        3,
        10,
    )


def test_layers_leave_the_class_vector_out():
    """But it is heard: the same model without it gives other frames."""
    data, found = batch(), {}
    for kind in ("before_positions", "behind_positions", "none"):
        model = vgs.model(audio_class=kind).eval()
        assert list(model.layers()) == [1, 2, 3]
        (found[kind], last), lengths = model.extract_features(data, [3, None])
        assert found[kind].shape == (3, 48, 8)
        assert torch.equal(model.encoder.layer_norm(found[kind]), last)
        alone, _ = model.extract_features(take(data, [1], 9), [3])
        assert torch.allclose(alone[0][0, : lengths[1]], found[kind][1, : lengths[1]], atol=5e-4)
    assert not torch.allclose(found["none"], found["before_positions"], atol=1e-2)
    assert not torch.allclose(found["behind_positions"], found["before_positions"], atol=1e-2)


def test_what_the_batch_lacks_is_named():
    model, data = vgs.model(), batch()
    for changes, message in (
        ({"image": None}, "no images; each utterance needs one in utt2image"),
        ({"image_lengths": torch.tensor([4, 0, 4])}, "s1-u has no image"),
        ({"boxes": None}, "no boxes; add boxes.scp .* patches"),
        ({"boxes_lengths": torch.tensor([4, 4, 3])}, "s2-u has not as many boxes as regions"),
        ({"units": None}, "no units; run the units stage"),
        ({"speech": None}, "neither speech nor video"),
    ):
        with pytest.raises(DataDirError, match=message):
            model(**{**data, **changes})
    with pytest.raises(ConfigError, match=r"features of 3 numbers, .* set it to 3"):
        model(**{**data, "image": data["image"][:, :, :3]})


def test_what_it_reads():
    assert vgs.model().reads == {"speech", "units", "image", "boxes", "image_id"}
    patches = ImageConfig(kind="patches", feature_size=7)
    assert vgs.model(alpha=1.0, image=patches).reads == {"speech", "image", "image_id"}
    assert vgs.model().predicts == ("vector", "frames")
    assert vgs.model(similarity="cosine").similarity == "cosine"


def test_published_size():
    """FaST-VGS+ for coarse matching is HuBERT base and 87.6 million parameters more."""
    with torch.device("meta"):
        model = VGSModel.from_config(VGSConfig(), Sizes(units=500))
        hubert = MODELS["hubert"][1].from_config(MODELS["hubert"][0](), Sizes(units=500))
    more = sum(p.numel() for p in model.parameters()) - sum(p.numel() for p in hubert.parameters())
    layers, mlp, linear, classes = 7 * 7_087_872, 2 * 2_361_600, 590_592, 2 * 768
    assert more == 31_064_704 + 1_580_544 + layers + mlp + linear + classes == 87_575_680
    data = {
        "speech": torch.zeros(2, 128_000, device="meta"),
        "speech_lengths": torch.tensor([128_000, 100_000]),
        "units": torch.zeros(2, 400, dtype=torch.int64, device="meta"),
        "image": torch.zeros(2, 36, 2048, device="meta"),
        "image_lengths": torch.tensor([36, 36]),
        "boxes": torch.zeros(2, 36, 4, device="meta"),
        "boxes_lengths": torch.tensor([36, 36]),
        "image_id": torch.zeros(2, dtype=torch.int64, device="meta"),
    }
    loss, _, weight = model(**data)
    loss.backward()
    assert weight.shape == ()
    assert all(p.grad.shape == p.shape for p in model.parameters())


def test_the_finer_score_of_single_pairs_is_that_of_the_batch():
    """What is kept of a set for it, each utterance and image alone."""

    class Fields:
        def __init__(self, fields):
            self.as_dict = lambda: fields

    model = vgs.model(cross_encoder=CrossEncoderConfig(num_candidates=3)).eval()
    assert (model.num_candidates, vgs.model().num_candidates) == (3, 0)
    data = batch((24, 9, 16))
    with torch.no_grad():
        _, speech, image = model.encode_pairs(data)
        whole = model.cross_encoder(speech.parts, speech.mask, image.parts, image.mask)
        parts = model.predict_parts(Fields(data))
        assert [len(row) for row in parts["speech"]] == [1 + 6, 1 + 2, 1 + 4]
        assert torch.allclose(model.score_parts(parts), whole, atol=1e-4)
        one = {view: rows[1:2] for view, rows in parts.items()}
        assert torch.allclose(model.score_parts(one), whole[1:2], atol=1e-4)
