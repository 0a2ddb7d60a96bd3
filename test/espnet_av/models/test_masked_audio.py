"""wav2vec 2.0 and HuBERT: what both promise of draws, padding, layers and names."""

import pytest
import torch
from oracles import masked_audio
from oracles.layer_features import features_of
from oracles.masked_audio import batch, take

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel

KINDS = ("wav2vec2", "hubert")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rate", [25, 50])
def test_every_parameter_gets_a_gradient(kind, rate):
    model = masked_audio.model(kind, frame_rate=rate)
    model.set_step(0, 0, 0)
    loss, stats, weight = model(**batch(rate=rate))
    loss.backward()
    assert loss.isfinite()
    assert stats["loss"] == loss.detach()
    assert 0 < weight <= 26 * rate // 25
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    still = [name for name, p in model.named_parameters() if not p.grad.any()]
    # A softmax does not change when all keys shift alike.
    assert all(name.endswith("k_proj.bias") for name in still)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_follow_step_rank_and_seed(kind):
    model, data = masked_audio.model(kind), batch()
    losses = {}
    for numbers in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0)):
        model.set_step(*numbers)
        loss = model(**data)[0].item()
        assert losses.setdefault(numbers, loss) == loss
    assert len(set(losses.values())) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_depends_on_the_utterance_not_on_its_batch(kind):
    """The sum over utterances alone is the sum over the batch, for everything but diversity."""
    changes = {"features_penalty": 0.0}
    if kind == "wav2vec2":
        changes["diversity_weight"] = 0.0
    model = masked_audio.model(kind, **changes).eval()
    data = batch()
    loss, stats, weight = model(**data)
    again, _, _ = model(**data)
    assert loss == again
    parts = [model(**take(data, [row], frames)) for row, frames in ((0, 12), (1, 9), (2, 11))]
    assert sum(part[2] for part in parts) == weight
    total = sum(part[0] * part[2] for part in parts)
    assert torch.allclose(total, loss * weight, rtol=1e-5)
    renamed, _, _ = model(**{**data, "utt_id": ["x", "y", "z"]})
    assert renamed != loss
    assert set(stats) == set(parts[0][1])


@pytest.mark.parametrize("kind", KINDS)
def test_layers(kind):
    model, data = masked_audio.model(kind).eval(), batch()
    inputs = (data["speech"], data["speech_lengths"], None, None)
    out, lengths = features_of(model, *inputs)
    last, _ = features_of(model, *inputs, layer=2)
    assert lengths.tolist() == [24, 18, 10]
    assert model.feature_rate == 50
    assert out.shape == (3, 24, 8)
    assert torch.equal(out, model.encoder.layer_norm(last))
    alone, _ = features_of(model, data["speech"][2:, : 5 * 640], data["speech_lengths"][2:])
    assert torch.allclose(out[2, :10], alone[0], atol=5e-4)
    with pytest.raises(ConfigError, match=r"layer 3 .* 1 to 2"):
        features_of(model, *inputs, layer=3)
    feats = model.collect_feats(**data)
    assert feats["feats"].shape == (3, 24, 8)


@pytest.mark.parametrize("kind", KINDS)
def test_names_are_those_of_a_recogniser(kind):
    """An audio-only recogniser takes front end and encoder as they are, and computes the same."""
    model, data = masked_audio.model(kind).eval(), batch()
    config = AVSRConfig(
        audio_frontend="wave",
        audio_frontend_conf={"channels": 6},
        visual_frontend="none",
        frame_rate=50,
        feature_size=8,
        fusion="none",
        encoder="wav2vec2",
        encoder_conf=masked_audio.ENCODER,
    )
    recogniser = AVSRModel.from_config(config, Sizes(vocab=7)).eval()
    report = recogniser.load_state_dict(model.state_dict(), strict=False)
    assert all(name.startswith("ctc.") for name in report.missing_keys)
    assert not [n for n in report.unexpected_keys if n.startswith(("frontend.", "encoder."))]
    speech, lengths = data["speech"], data["speech_lengths"]
    encoded = recogniser.encode(speech, lengths, None, None)
    expected, frames = features_of(model, speech, lengths)
    assert torch.equal(encoded.lengths, frames)
    assert torch.equal(encoded.out, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_without_sound(kind):
    model, data = masked_audio.model(kind), batch()
    with pytest.raises(DataDirError, match="neither speech nor video"):
        model(**{**data, "speech": None})
    with pytest.raises(DataDirError, match="s1-u has 0 audio samples"):
        model(**{**data, "speech_lengths": data["speech_lengths"] * torch.tensor([1, 0, 1])})


@pytest.mark.parametrize(
    ("kind", "conf", "message"),
    [
        ("hubert", {"unmasked_weight": -1.0}, "unmasked_weight is -1.0"),
        ("hubert", {"features_penalty": -1.0}, "features_penalty is -1.0"),
        ("hubert", {"temperature": 0.0}, "temperature 0.0; all must be above 0"),
        ("hubert", {"dropout_rate": 2.0}, "dropout_rate is 2.0"),
        ("hubert", {"audio_frontend_conf": {"frame_rate": 25}}, "leave it out there"),
        ("hubert", {"audio_frontend_conf": {"chanels": 8}}, "did you mean 'channels'"),
        ("hubert", {"encoder_conf": {"layers": 8}}, "did you mean"),
        ("wav2vec2", {"num_negatives": 0}, "num_negatives is 0"),
        ("wav2vec2", {"target_dropout_rate": 2.0}, "target_dropout_rate is 2.0"),
    ],
)
def test_bad_settings_say_what_to_do(kind, conf, message):
    with pytest.raises(ConfigError, match=message):
        masked_audio.model(kind, **conf)
