"""BEST-RQ: its loss against a loop, its masks, its targets, and the names of its parts."""

import math

import pytest
import torch
from oracles import bestrq
from oracles.bestrq import batch
from oracles.layer_features import features_of

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.bestrq.model import STATS
from espnet_av.modules.frontend.spec_augment import SpecAugmentConfig
from espnet_av.modules.noise_mask import NoiseMaskConfig
from espnet_av.modules.random_projection_quantizer import RandomProjectionConfig
from espnet_av.ops.feature_norm import normalise_utterance
from espnet_av.train.initialisation import load_weights


def encode(model, data):
    return model.encode_masked(data["speech"], data["speech_lengths"], data["utt_id"])


def loop_code(model, stack, codebook):
    """Code of one stack of four normalised windows, by distances of vectors of length 1."""
    x = stack.flatten().double()
    x = (x - x.mean()) / (x.var(unbiased=False) + 1e-5).sqrt()
    z = x @ model.quantizer.projection[codebook].double()
    entries = model.quantizer.codebooks[codebook].double()
    return int((entries - z / z.norm()).norm(dim=1).argmin())


def test_loss_is_that_of_a_loop():
    model, data = bestrq.model().eval(), batch()
    loss, stats, weight = model(**data)
    masked = encode(model, data)
    mels, lengths = model.audio.log_mels(data["speech"], data["speech_lengths"])
    clean = normalise_utterance(mels, lengths * 4)
    total, count, hits = 0.0, 0, 0
    for b, length in enumerate((12, 9, 5)):
        for t in range(length):
            windows = slice(4 * t, 4 * t + 4)
            if not all(masked.mask[b, windows]):
                continue
            count += 1
            logits = model.codes_head(masked.hidden[b, t]).view(2, 16)
            for codebook in range(2):
                target = loop_code(model, clean[b, windows], codebook)
                scores = logits[codebook].tolist()
                total += math.log(sum(map(math.exp, scores))) - scores[target]
                hits += scores[target] == max(scores)
    assert count > 3
    assert weight.item() == count
    assert loss.item() == pytest.approx(total / count / 2, rel=1e-5)
    assert stats["acc"].item() == pytest.approx(hits / count / 2)
    assert stats["masked"].item() == pytest.approx(masked.mask.sum().item() / 4 / 26)
    assert stats["masked_stacks"].item() == pytest.approx(count / 26)
    assert set(stats) == set(STATS)


def test_only_masked_frames_get_a_gradient():
    model, data = bestrq.model(), batch()
    model.set_step(0, 0, 0)
    seen = []
    model.encoder.register_forward_hook(lambda *call: seen.append(call[2][0]))
    loss, _, _ = model(**data)
    seen[0].retain_grad()
    loss.backward()
    masked = encode(model, data)
    has_gradient = seen[0].grad.abs().sum(dim=2).flatten().nonzero().squeeze(1)
    assert has_gradient.tolist() == masked.places.tolist()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


def test_noise_stands_in_place_of_masked_windows_before_the_convolutions():
    mask = NoiseMaskConfig(start_prob=0.02, span=40)
    model, data = bestrq.model(mask=mask), batch((200, 150))
    model.set_step(3, 0, 0)
    seen = []
    model.audio.subsample.register_forward_hook(lambda *call: seen.append(call[1][0]))
    masked = encode(model, data)
    mels, lengths = model.audio.log_mels(data["speech"], data["speech_lengths"])
    clean, got = model.audio.normalise(mels, lengths), seen[0]
    assert torch.equal(got[~masked.mask], clean[~masked.mask])
    hidden = got[masked.mask]
    assert len(hidden) > 400
    assert hidden.std().item() == pytest.approx(0.1, rel=0.02)
    assert hidden.mean().abs() < 0.002
    assert not masked.mask[1, 600:].any(), "padding"
    assert not torch.equal(hidden[0], hidden[1])


def test_draws_follow_step_rank_and_seed():
    model, data, losses = bestrq.model(), batch(), {}
    masks = set()
    for numbers in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)):
        model.set_step(*numbers)
        loss = model(**data)[0].item()
        masks.add(str(encode(model, data).mask.tolist()))
        assert losses.setdefault(numbers, loss) == loss
    assert len(set(losses.values())) == len(masks) == 4


@pytest.mark.parametrize("encoder", ["conformer", "causal_conformer", "e_branchformer"])
def test_evaluation_depends_on_the_utterance_not_on_its_batch(encoder):
    conf = {**bestrq.ENCODER, "cgmlp_linear_units": 16} if encoder == "e_branchformer" else {}
    model = bestrq.model(encoder=encoder, encoder_conf=conf or bestrq.ENCODER).eval()
    data = batch()
    loss, _, weight = model(**data)
    assert loss == model(**data)[0]
    parts = []
    for row, frames in ((0, 12), (1, 9), (2, 7)):
        alone = {
            "utt_id": [data["utt_id"][row]],
            "speech": data["speech"][row : row + 1, : frames * 640],
            "speech_lengths": data["speech_lengths"][row : row + 1],
        }
        parts.append(model(**alone))
    assert sum(part[2] for part in parts) == weight
    total = sum(part[0] * part[2] for part in parts)
    assert torch.allclose(total, loss * weight, rtol=1e-5)
    renamed, _, _ = model(**{**data, "utt_id": ["x", "y", "z"]})
    assert renamed != loss


def test_a_batch_without_masks_is_worth_nothing():
    model, data = bestrq.model(mask=NoiseMaskConfig(start_prob=1e-9, span=1)), batch()
    loss, stats, weight = model(**data)
    loss.backward()
    assert loss == weight == 0
    assert stats["acc"].isnan()
    assert all(p.grad is not None and not p.grad.any() for p in model.parameters())


def test_codes_belong_to_the_quantizer_seed_and_are_saved():
    first, second = bestrq.model(seed=0), bestrq.model(seed=1)
    assert torch.equal(first.quantizer.codebooks, second.quantizer.codebooks)
    quantizer = RandomProjectionConfig(num_codebooks=2, num_entries=16, size=4, seed=5)
    other = bestrq.model(quantizer=quantizer)
    assert not torch.equal(first.quantizer.codebooks, other.quantizer.codebooks)
    assert {"quantizer.projection", "quantizer.codebooks"} <= set(first.state_dict())
    assert not {name for name, _ in first.named_parameters() if name.startswith("quantizer")}
    other.load_state_dict(first.state_dict())
    data = batch()
    assert torch.equal(encode(other.eval(), data).codes, encode(first.eval(), data).codes)


def test_layers():
    model, data = bestrq.model().eval(), batch()
    inputs = (data["speech"], data["speech_lengths"], None, None)
    out, lengths = features_of(model, *inputs)
    last, _ = features_of(model, *inputs, layer=2)
    assert lengths.tolist() == [12, 9, 5]
    assert model.feature_rate == 25
    assert out.shape == (3, 12, 8)
    assert torch.equal(out, model.encoder.after_norm(last))
    alone, _ = features_of(model, data["speech"][2:, : 5 * 640], data["speech_lengths"][2:])
    assert torch.allclose(out[2, :5], alone[0], atol=1e-5)
    with pytest.raises(ConfigError, match=r"layer 3 .* 1 to 2"):
        features_of(model, *inputs, layer=3)
    assert model.collect_feats(**data)["feats"].shape == (3, 12, 8)


@pytest.mark.parametrize("name", [name for name in ("avsr", "transducer") if name in MODELS])
@pytest.mark.parametrize("encoder", ["conformer", "causal_conformer"])
def test_front_end_and_encoder_are_those_of_a_recogniser(name, encoder, tmp_path):
    """By `init_param`, all of both; and the recogniser computes the same with them."""
    model, data = bestrq.model(encoder=encoder), batch()
    model(**data)[0].backward()
    torch.save(model.eval().state_dict(), tmp_path / "bestrq.pth")
    config_class, model_class = MODELS[name]
    shared = {**bestrq.SHARED, "encoder": encoder, "visual_frontend": "none", "fusion": "none"}
    recogniser = model_class.from_config(config_class(**shared), Sizes(vocab=7)).eval()
    report = load_weights(recogniser, tmp_path / "bestrq.pth")
    parts = ("frontend.", "encoder.")
    wanted = {key for key in recogniser.state_dict() if key.startswith(parts)}
    assert set(report.matched) == wanted
    assert not [key for key in report.missing if key.startswith(parts)]
    assert all(key.startswith(("codes_head.", "quantizer.", "usage.")) for key in report.unexpected)
    encoded = recogniser.encode(data["speech"], data["speech_lengths"], None, None)
    expected, frames = features_of(model, data["speech"], data["speech_lengths"])
    assert torch.equal(encoded.lengths, frames)
    assert torch.equal(encoded.out, expected)


def test_it_learns_codes_from_their_surroundings():
    """Utterances of one tone each, that comes and goes."""
    times = torch.arange(640 * 12) / 16000
    pitches = torch.tensor([200.0, 700.0, 1900.0, 3100.0])
    gate = torch.sin(2 * torch.pi * pitches[:, None] / 200 * times).clamp(min=0)
    data = batch((12, 12, 12, 12))
    data["speech"] = torch.sin(2 * torch.pi * pitches[:, None] * times) * gate
    model = bestrq.model(feature_size=16, encoder_conf={**bestrq.ENCODER, "output_size": 16})
    optimizer, history = torch.optim.Adam(model.parameters(), lr=1e-2), []
    for step in range(30):
        model.set_step(step, 0, 0)
        loss, _, _ = model(**data)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert sum(history[-5:]) < 0.8 * sum(history[:5])


def test_without_sound():
    model, data = bestrq.model(), batch()
    with pytest.raises(DataDirError, match="neither speech nor video"):
        model(**{**data, "speech": None})


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"audio_frontend_conf": {"spec_augment": SpecAugmentConfig()}}, "leave it out here"),
        ({"audio_frontend_conf": {"chanels": 8}}, "did you mean 'channels'"),
        ({"mask": {"start_prob": 0.0}}, "0.01 in BEST-RQ"),
        ({"mask": {"span": 0}}, "span is 0"),
        ({"quantizer": {"num_entries": 1}}, "num_entries 1 and size"),
        ({"min_perplexity": 16.0}, r"in 0\.\.16, the entries of a codebook"),
        ({"usage_window": 0}, "usage_window is 0"),
        ({"dropout_rate": 2.0}, "dropout_rate 2.0"),
    ],
)
def test_bad_settings_say_what_to_do(conf, message):
    classes = {"mask": NoiseMaskConfig, "quantizer": RandomProjectionConfig}
    with pytest.raises(ConfigError, match=message):
        bestrq.model(**{k: classes[k](**v) if k in classes else v for k, v in conf.items()})
