"""An audio-only transducer becomes an audio-visual one, which starts where that one ended."""

import torch
from oracles import av_batch, transducer

from espnet_av.models.abs_model import Sizes
from espnet_av.models.transducer import TransducerModel
from espnet_av.train.config import OptimConfig, ParamGroup
from espnet_av.train.initialisation import initialise, load_weights
from espnet_av.train.optimizers import build_optimizer

ALONE = {"visual_frontend": "none", "visual_frontend_conf": {}, "fusion": "none"}


def inputs(batch):
    return [batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths")]


def start(tmp_path):
    """A trained audio-only model and, from its file, one with eyes."""
    audio = transducer.model(**ALONE)
    torch.save(audio.state_dict(), tmp_path / "audio.pth")
    torch.manual_seed(1)
    both = TransducerModel.from_config(
        transducer.config(fusion="sum"),
        Sizes(vocab=av_batch.VOCAB_SIZE, units=av_batch.NUM_UNITS),
    )
    return audio, both, tmp_path / "audio.pth"


def test_the_first_logits_are_those_of_the_audio_model(tmp_path):
    audio, both, path = start(tmp_path)
    before = both(**av_batch.batch())[0]
    initialise(both, [str(path)], ignore_mismatch=False)
    audio.eval(), both.eval()
    batch = av_batch.batch()
    frames = [model.encode(*inputs(batch)).out[0] for model in (audio, both)]
    tokens = batch["text"][0].tolist()
    logits = [transducer.logits(m, x, tokens) for m, x in zip((audio, both), frames, strict=True)]
    assert torch.equal(*logits)
    losses = [model(**batch)[0] for model in (audio, both)]
    assert torch.equal(*losses)
    assert not torch.equal(before, losses[0])


def test_the_report_names_the_new_parts_alone(tmp_path):
    _, both, path = start(tmp_path)
    report = load_weights(both, path)
    assert not report.unexpected
    assert {name.rsplit(".", 1)[0] for name in report.missing if "visual" not in name} == {
        "frontend.fusion.project"
    }


def test_what_is_new_learns_faster_than_what_is_not(tmp_path):
    _, both, path = start(tmp_path)
    load_weights(both, path)
    groups = [
        ParamGroup(prefix="frontend.audio.", lr_scale=0.3, warmup_steps=5000),
        ParamGroup(prefix="encoder.", lr_scale=0.3, warmup_steps=5000),
    ]
    optimizer = build_optimizer(both, "adamw", OptimConfig(lr=1e-3), groups)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    for name, parameter in both.named_parameters():
        old = name.startswith(("frontend.audio.", "encoder."))
        assert rates[id(parameter)] == (3e-4 if old else 1e-3), name
