"""What goes over to a recogniser: the convolutions and the encoder, all of them and no more."""

import pytest
import torch
from oracles import av_mae
from oracles.av_mae import CONFORMER, FRONTEND

from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.models.transducer import TransducerConfig, TransducerModel
from espnet_av.train.initialisation import initialise, load_weights

CONF = {
    "audio_frontend_conf": FRONTEND,
    "visual_frontend": "none",
    "fusion": "none",
    "feature_size": 8,
    "encoder_conf": CONFORMER,
}
ATTENTION = {
    "decoder": "transformer",
    "decoder_conf": {"attention_heads": 2, "linear_units": 8, "num_blocks": 1},
    "ctc_weight": 0.3,
}


def recogniser(kind):
    if kind == "transducer":
        return TransducerModel.from_config(TransducerConfig(**CONF), Sizes(vocab=7))
    more = ATTENTION if kind == "attention" else {}
    return AVSRModel.from_config(AVSRConfig(**CONF, **more), Sizes(vocab=7))


@pytest.mark.parametrize("kind", ["ctc", "attention", "transducer"])
def test_convolutions_and_encoder_go_over(kind, tmp_path):
    trained = av_mae.model(seed=3).eval()
    torch.save(trained.state_dict(), tmp_path / "final.pth")
    made = recogniser(kind).eval()
    report = load_weights(made, tmp_path / "final.pth")
    parts = ("frontend.audio.", "encoder.")
    wanted = {name for name in made.state_dict() if name.startswith(parts)}
    assert set(report.matched) == wanted == {n for n in trained.state_dict() if n.startswith(parts)}
    assert not report.mismatched
    assert not any(name.startswith(("frontend", "encoder")) for name in report.missing)
    left = {name.split(".")[0] for name in report.unexpected}
    assert left == {"speech_up", "film_encoder", "filler", "logit_scale"}
    with torch.no_grad():
        data = av_mae.batch()
        (ours,), _ = trained.extract_features(data, [None])
        (theirs,), lengths = made.extract_features(data, [None])
    for row, length in enumerate(lengths.tolist()):
        assert torch.allclose(ours[row, :length], theirs[row, :length], atol=1e-6)


def test_a_recogniser_takes_half_a_minute_after_ten_seconds(tmp_path):
    torch.save(av_mae.model().state_dict(), tmp_path / "final.pth")
    made = recogniser("ctc")
    initialise(made, [str(tmp_path / "final.pth")], ignore_mismatch=False)
    speech = torch.randn(2, 35 * 16000) * 0.1
    loss, _, _ = made(
        speech,
        torch.tensor([35 * 16000, 10 * 16000]),
        text=torch.randint(2, 6, (2, 30)),
        text_lengths=torch.tensor([30, 12]),
    )
    loss.backward()
    assert loss.isfinite() and made.encoder.encoders[0].feed_forward.w_1.weight.grad.any()
