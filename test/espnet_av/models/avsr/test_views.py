"""Learning from every view of an utterance, and from each front end alone."""

import pytest
import torch
from oracles import av_batch
from torch import nn

from espnet_av.errors import ConfigError
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel, ModalityDropoutConfig

VIEWS = ModalityDropoutConfig(per="view")


def training(model):
    """Training mode without dropout and moving statistics, so that passes can be compared."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.Dropout):
            module.eval()
    return model


@pytest.mark.parametrize("fusion", ["concat", "norm_concat", "sum"])
def test_loss_is_the_mean_of_the_three_views(fusion):
    model = training(av_batch.model(modality_dropout=VIEWS, fusion=fusion))
    batch = av_batch.batch((6, 6))
    _, stats, weight = model(**batch)
    single = training(av_batch.model(fusion=fusion))
    single.load_state_dict(model.state_dict())
    audio_only = {**batch, "video": None, "video_lengths": None}
    video_only = {**batch, "speech": None, "speech_lengths": None}
    parts = [single(**view)[1] for view in (batch, audio_only, video_only)]
    for name in ("loss", "loss_ctc", "loss_att", "loss_units"):
        mean = sum(part[name] for part in parts) / 3
        assert torch.allclose(stats[name], mean, rtol=1e-4), name
    assert float(weight) == 2


def test_evaluation_has_one_view():
    model = av_batch.model(modality_dropout=VIEWS).eval()
    plain = av_batch.model().eval()
    plain.load_state_dict(model.state_dict())
    batch = av_batch.batch()
    assert torch.equal(model(**batch)[0], plain(**batch)[0])


def test_each_front_end_learns_from_its_own_head():
    model = training(av_batch.model(frontend_units_weight=0.25))
    loss, stats, _ = model(**av_batch.batch())
    plain = 0.3 * (0.7 * stats["loss_ctc"] + 0.3 * stats["loss_interctc"])
    plain = plain + 0.7 * stats["loss_att"] + 0.5 * stats["loss_units"]
    heads = stats["loss_audio_units"] + stats["loss_visual_units"]
    assert torch.allclose(loss, plain + 0.25 * heads)
    assert 0 <= float(stats["acc_audio_units"]) <= 1


def test_a_head_ignores_absent_streams_and_padding():
    model = training(av_batch.model(frontend_units_weight=1.0))
    batch = av_batch.batch((9, 6))
    batch["video_lengths"] = torch.tensor([9, 0])
    _, stats, _ = model(**batch)
    batch["units"][1] = 0
    assert torch.equal(stats["loss_visual_units"], model(**batch)[1]["loss_visual_units"])
    without = {**av_batch.batch((9, 6)), "video": None, "video_lengths": None}
    loss, stats, _ = model(**without)
    loss.backward()
    assert torch.isnan(stats["loss_visual_units"])
    head = model.frontend_heads["visual"]
    assert all(torch.equal(p.grad, torch.zeros_like(p)) for p in head.parameters())


def test_heads_need_frame_labels():
    with pytest.raises(ConfigError, match="frontend_units_weight is set, but there are no frame"):
        AVSRModel(AVSRConfig(frontend_units_weight=1.0), Sizes(vocab=5))
