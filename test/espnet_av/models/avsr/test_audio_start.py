"""Fusion `sum`: fine-tuning starts exactly at an audio-only model, then learns to read lips."""

import pytest
import torch
from oracles import av_batch
from oracles.visual_clips import TINY

from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRModel
from espnet_av.modules import VISUAL_FRONTENDS

ALONE = {"visual_frontend": "none", "visual_frontend_conf": {}, "fusion": "none"}


def pair(visual):
    """An audio-only model, and one that also sees, with its weights."""
    audio = av_batch.model(**ALONE)
    torch.manual_seed(1)
    both = AVSRModel.from_config(
        av_batch.config(visual_frontend=visual, visual_frontend_conf=TINY[visual], fusion="sum"),
        Sizes(vocab=av_batch.VOCAB_SIZE, units=av_batch.NUM_UNITS),
    )
    state = audio.state_dict()
    missing, unexpected = both.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(name.startswith(("frontend.visual.", "frontend.fusion.")) for name in missing)
    return audio, both


@pytest.mark.parametrize("visual", VISUAL_FRONTENDS)
@pytest.mark.parametrize("training", [False, True])
def test_the_first_output_is_that_of_the_audio_model(visual, training):
    audio, both = (model.train(training) for model in pair(visual))
    batch = av_batch.batch()
    assert batch["video_lengths"].all()
    encoded = [model.encode(*inputs(batch)) for model in (audio, both)]
    assert torch.equal(encoded[0].out, encoded[1].out)
    (loss, stats, _), (other, others, _) = (model(**batch) for model in (audio, both))
    assert torch.equal(loss, other)
    assert all(torch.equal(stats[key], others[key]) for key in ("loss_ctc", "loss_att"))


@pytest.mark.parametrize("visual", VISUAL_FRONTENDS)
def test_lips_count_after_one_step(visual):
    _, both = pair(visual)
    both.train()
    batch = av_batch.batch()
    optimizer = torch.optim.SGD(both.parameters(), lr=0.1)
    for first in (True, False):
        optimizer.zero_grad()
        both(**batch)[0].backward()
        for name, parameter in both.frontend.visual.named_parameters():
            assert bool(parameter.grad.any()) is not first, name
        assert both.frontend.fusion.project.weight.grad.any()
        optimizer.step()
    both.eval()
    blind = {**batch, "video": None, "video_lengths": None}
    assert not torch.equal(both.encode(*inputs(batch)).out, both.encode(*inputs(blind)).out)


def inputs(batch):
    names = ("speech", "speech_lengths", "video", "video_lengths")
    return [batch[name] for name in names]
