"""Fine-tuning of a pre-trained encoder: its weights, its freezing, its frame rate."""

import pytest
import torch
from oracles import av_batch, avhubert
from oracles.layer_features import features_of

from espnet_av.errors import ConfigError
from espnet_av.models.avsr import AVSRConfig
from espnet_av.train.initialisation import load_weights

FRONTENDS = {
    "audio_frontend": "wave",
    "audio_frontend_conf": {"channels": 4},
    "frame_rate": 50,
    "fusion": "linear",
    "encoder": "wav2vec2",
    "encoder_conf": avhubert.ENCODER,
    "interctc_layers": [],
}


def inputs(batch):
    return [batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths")]


@pytest.mark.parametrize("decoder", ["transformer", "fairseq_transformer"])
def test_weights_of_pre_training_fit_by_name(decoder, tmp_path):
    source = avhubert.model(**avhubert.FAMILY["xlavsr"]).eval()
    torch.save(source.state_dict(), tmp_path / "ssl.pth")
    conf = {"size": 8, "num_blocks": 1, "linear_units": 8, "attention_heads": 2}
    changes = {"decoder": decoder, "decoder_conf": conf} if decoder != "transformer" else {}
    model = av_batch.model(seed=5, **FRONTENDS, **changes).eval()
    report = load_weights(model, tmp_path / "ssl.pth")
    heads = ("ctc.", "decoder.", "units_head.")
    assert not [name for name in report.missing if not name.startswith(heads)]
    assert {name.split(".")[0] for name in report.unexpected} == {"mask_emb", "units_head"}
    batch = av_batch.batch()
    encoded = model.encode(*inputs(batch))
    features, lengths = features_of(source, *inputs(batch))
    assert torch.equal(encoded.out, features)
    assert torch.equal(encoded.lengths, lengths)
    loss, stats, _ = model(**batch)
    assert loss.isfinite()
    assert stats["loss_att"].isfinite()


def test_at_50_hz_a_text_may_be_twice_as_long():
    batch = av_batch.batch((4, 4), tokens=6)
    batch["text"] = torch.tensor([[1, 2, 3, 4, 5, 6], [1, 1, 1, 1, 1, 1]])
    slow = av_batch.model(**{**FRONTENDS, "frame_rate": 25})
    fast = av_batch.model(**FRONTENDS)
    assert slow(**batch)[1]["ctc_impossible"].item() == 2
    # 8 frames hold 6 different tokens, but 6 equal ones need 11
    assert fast(**batch)[1]["ctc_impossible"].item() == 1
    assert (slow.feature_rate, fast.feature_rate) == (25, 50)
    assert fast.encode(*inputs(batch)).lengths.tolist() == [8, 8]


def frozen_model(**changes):
    return av_batch.model(**{**FRONTENDS, "freeze_encoder_steps": 3, **changes})


def names_with_gradient(model):
    return {name.split(".")[0] for name, p in model.named_parameters() if p.grad is not None}


def test_the_encoder_waits_while_the_decoder_learns():
    model, batch = frozen_model(), av_batch.batch()
    for update in range(5):
        model.zero_grad(set_to_none=True)
        model.set_update(update)
        model(**batch)[0].backward()
        learning = names_with_gradient(model)
        assert {"ctc", "decoder"} <= learning
        assert ({"frontend", "encoder"} <= learning) == (update >= 3)
        assert ({"frontend", "encoder"} & learning == set()) == (update < 3)
    model.eval()
    model.set_update(0)
    assert model(**batch)[0].requires_grad


def test_dropout_stays_on_in_a_frozen_encoder():
    conf = {**avhubert.ENCODER, "dropout_rate": 0.5}
    model, batch = frozen_model(encoder_conf=conf), av_batch.batch()
    model.set_update(0)
    assert not torch.equal(model.encode(*inputs(batch)).out, model.encode(*inputs(batch)).out)


@pytest.mark.parametrize("kept", [False, True])
def test_statistics_of_batch_norm_move_unless_frozen(kept):
    model, batch = frozen_model(freeze_batch_norm=kept), av_batch.batch()
    model.set_update(0)
    norm = model.frontend.visual.stem.bn
    for mode in (None, True):
        if mode is not None:
            model.train(mode)
        before = norm.running_mean.clone()
        model(**batch)
        assert torch.equal(norm.running_mean, before) == kept
    assert model.training
    assert model.encoder.training


def test_a_loop_that_does_not_tell_the_step_is_an_error():
    with pytest.raises(ConfigError, match="does not say at which step it is"):
        frozen_model()(**av_batch.batch())
    with pytest.raises(ConfigError, match="freeze_encoder_steps is -1"):
        AVSRConfig(freeze_encoder_steps=-1)


def test_layerdrop_follows_the_step():
    conf = {**avhubert.ENCODER, "num_layers": 6, "layerdrop": 0.5}
    model = av_batch.model(**{**FRONTENDS, "encoder_conf": conf})
    outs = []
    for step in (1, 1, 2, 3, 4):
        model.set_step(step)
        outs.append(model.encode(*inputs(av_batch.batch())).out)
    assert torch.equal(outs[0], outs[1])
    assert any(not torch.equal(outs[0], out) for out in outs[2:])
