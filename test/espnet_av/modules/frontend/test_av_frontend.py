"""Rates and fusions of the shared front end; what it drops and pads is tested with the models."""

import dataclasses

import pytest
import torch
from oracles import av_batch

from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.av_frontend import AVFrontend
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig

WAVE = {"channels": 4}


def frontend(**changes):
    values = {
        "audio_frontend": "wave",
        "audio_frontend_conf": WAVE,
        "visual_frontend_conf": {"width": 2},
        "feature_size": 8,
        "dropout_rate": 0.0,
        "fusion": "linear",
    }
    torch.manual_seed(0)
    return AVFrontend(AVFrontendConfig(**{**values, **changes})).eval()


def fuse(front, batch):
    return front(*(batch[k] for k in ("speech", "speech_lengths", "video", "video_lengths")))


def test_every_field_is_described_and_mistakes_are_named():
    assert {f.name for f in dataclasses.fields(AVFrontendConfig)} >= {"frame_rate", "fusion"}
    with pytest.raises(ConfigError, match="fusion is none, but there are two front ends"):
        AVFrontendConfig(fusion="none")
    with pytest.raises(ConfigError, match="stacked_fbank has 25 Hz only"):
        AVFrontendConfig(frame_rate=50, audio_frontend="stacked_fbank")
    with pytest.raises(ConfigError, match="frame_rate is 25, but audio_frontend_conf says 50"):
        frontend(audio_frontend_conf={**WAVE, "frame_rate": 50})


def test_at_50_hz_each_video_frame_counts_twice():
    batch = av_batch.batch((9, 4))
    slow, fast = frontend(), frontend(frame_rate=50)
    fast.visual.load_state_dict(slow.visual.state_dict())
    with torch.no_grad():
        once, twice = fuse(slow, batch), fuse(fast, batch)
    assert once.lengths.tolist() == [9, 4]
    assert twice.lengths.tolist() == [18, 8]
    assert twice.features.shape == (2, 18, 8)
    for frame in range(18):
        lips = twice.streams["visual"][:, frame], once.streams["visual"][:, frame // 2]
        assert torch.equal(*lips)
    audio, _ = fast.audio(batch["speech"], batch["speech_lengths"])
    assert torch.equal(twice.streams["audio"], audio)


@pytest.mark.parametrize("rate", [25, 50])
def test_linear_fusion_starts_as_the_audio_stream(rate):
    front = frontend(frame_rate=rate)
    fused = fuse(front, av_batch.batch())
    assert torch.equal(fused.features, fused.streams["audio"])


@pytest.mark.parametrize("kind", ["audio", "visual"])
@pytest.mark.parametrize("rate", [25, 50])
def test_a_single_stream_is_not_fused(kind, rate):
    other = {"audio": "visual", "visual": "audio"}[kind]
    alone = {f"{other}_frontend": "none", f"{other}_frontend_conf": {}}
    front = frontend(fusion="none", frame_rate=rate, **alone)
    fused = fuse(front, av_batch.batch((9, 4)))
    assert fused.features is fused.streams[kind]
    assert fused.lengths.tolist() == [9 * rate // 25, 4 * rate // 25]
    assert not any(name.startswith("fusion") for name, _ in front.named_parameters())


def test_edits_see_what_is_computed_only():
    class Edits:
        seen = []

        def before(self, kind, data, rows):
            self.seen.append((kind, rows.tolist(), data.size(1)))
            return data

        def after(self, kind, features, rows):
            self.seen.append((kind, rows.tolist(), features.size(1)))
            return features + 1.0

    batch = av_batch.batch((9, 6, 4))
    batch["video_lengths"] = torch.tensor([0, 6, 4])
    front = frontend(frame_rate=50)
    names = ("speech", "speech_lengths", "video", "video_lengths")
    lengths = front.read_lengths(*(batch[name] for name in names))
    with torch.no_grad():
        plain = fuse(front, batch)
        edited = front.fuse(batch["speech"], batch["video"], lengths, Edits())
    assert Edits.seen == [
        ("audio", [0, 1, 2], 9 * 640),
        ("audio", [0, 1, 2], 18),
        ("visual", [1, 2], 6),
        ("visual", [1, 2], 12),
    ]
    assert torch.equal(edited.streams["audio"], plain.streams["audio"] + 1.0)
    assert torch.equal(edited.streams["visual"][1:, :12], plain.streams["visual"][1:, :12] + 1.0)
    assert not edited.streams["visual"][0].any()
