"""Frames of the fused stream when the audio front end has its own."""

import pytest
import torch
from oracles import av_batch

from espnet_av.errors import ConfigError, DataDirError
from espnet_av.modules.frontend.av_frontend import AVFrontend
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig

NAMES = ("speech", "speech_lengths", "video", "video_lengths", "utt_id")
CONF = {"n_mels": 20, "hop_length": 160, "n_fft": 400}


def frontend(seed=0, **changes):
    values = {
        "audio_frontend": "espnet",
        "audio_frontend_conf": {**CONF, **changes.pop("conf", {})},
        "visual_frontend_conf": {"width": 2},
        "feature_size": 8,
        "dropout_rate": 0.0,
        "fusion": "sum",
    }
    torch.manual_seed(seed)
    made = AVFrontend(AVFrontendConfig(**{**values, **changes})).eval()
    if made.fusion is not None:
        torch.nn.init.normal_(made.fusion.project.weight)
    return made


def fuse(front, batch, rows=slice(None), **changes):
    values = {name: batch[name][rows] for name in NAMES}
    with torch.no_grad():
        return front(*({**values, **changes}[name] for name in NAMES))


@pytest.mark.parametrize(
    ("conf", "rate"),
    [
        ({}, 25.0),
        ({"hop_length": 128}, 31.25),
        ({"hop_length": 256}, 15.625),
        ({"input_layer": "conv2d2"}, 50.0),
        ({"input_layer": "conv2d6"}, 100 / 6),
        ({"input_layer": "conv2d8"}, 12.5),
    ],
)
def test_frames_and_rate_are_those_of_the_sound(conf, rate):
    front, batch = frontend(conf=conf), av_batch.batch((30, 14, 22))
    fused = fuse(front, batch)
    assert front.clock.rate == pytest.approx(rate)
    alone = [front.audio(batch["speech"][i : i + 1, : n * 640], torch.tensor([n * 640]))
             for i, n in enumerate((30, 14, 22))]  # fmt: skip
    assert fused.lengths.tolist() == [features.size(1) for features, _ in alone]
    assert fused.lengths.tolist() == [int(lengths) for _, lengths in alone]
    for row, (features, _) in enumerate(alone):
        assert features.size(1) <= (30, 14, 22)[row] * rate / 25
        heard = fused.streams["audio"][row, : features.size(1)]
        assert torch.allclose(heard, features[0], atol=1e-6)


def test_lips_stand_where_the_sound_is():
    """A ramp over time, read at the middle of each frame of the sound."""
    front, batch = frontend(conf={"hop_length": 128}), av_batch.batch((30, 14))
    ramp = torch.arange(30.0)[None, :, None].expand(2, 30, 8)
    front.visual.forward = lambda video, lengths: (ramp, lengths)
    seen = fuse(front, batch).streams["visual"]
    for row, num_video in enumerate((30, 14)):
        for frame in range(int(fuse(front, batch).lengths[row])):
            middle = (frame * 4 + 3) * 128
            expected = min(max((middle - 320) / 640, 0.0), num_video - 1)
            assert seen[row, frame, 0].item() == pytest.approx(expected, abs=1e-5)
    # At 25 Hz nothing is interpolated.
    front = frontend()
    front.visual.forward = lambda video, lengths: (ramp, lengths)
    fused = fuse(front, batch)
    assert torch.equal(fused.streams["visual"], ramp[:, : int(fused.lengths.max())])


@pytest.mark.parametrize("hop", [128, 160, 256])
def test_lips_alone_get_the_frames_of_their_duration(hop):
    front, batch = frontend(conf={"hop_length": hop}), av_batch.batch((30, 14, 22))
    both = fuse(front, batch)
    silent = torch.tensor([30 * 640, 0, 0])
    mixed = fuse(front, batch, speech_lengths=silent)
    deaf = fuse(front, batch, speech=None, speech_lengths=None)
    for other in (mixed, deaf):
        assert torch.equal(other.lengths, both.lengths)
        assert torch.equal(other.streams["visual"], both.streams["visual"])
    assert not mixed.streams["audio"][1:].any()


def test_a_batch_gives_what_each_utterance_gives_alone():
    batch = av_batch.batch((30, 14, 22))
    batch["speech"][1, 14 * 640 :] = 7.0  # padding is arbitrary
    for hop in (128, 160):
        front = frontend(conf={"hop_length": hop, "norm_vars": True})
        together = fuse(front, batch)
        for row, length in enumerate((30, 14, 22)):
            one = {**batch, "speech": batch["speech"][:, : length * 640]}
            alone = fuse(front, {**one, "video": batch["video"][:, :length]}, slice(row, row + 1))
            frames = int(alone.lengths)
            assert frames == int(together.lengths[row])
            assert torch.allclose(together.features[row, :frames], alone.features[0], atol=1e-5)


def test_what_is_too_short_is_named():
    front, batch = frontend(), av_batch.batch((9, 1))
    with pytest.raises(DataDirError, match="s1-u: 1 frames at 25 Hz are too short"):
        fuse(front, batch)


def test_mistakes_are_named():
    with pytest.raises(ConfigError, match="audio_frontend espnet has the rate of its windows"):
        frontend(frame_rate=50)
    with pytest.raises(ConfigError, match="n_fft is 401; it must be even"):
        frontend(conf={"n_fft": 401})
    for sizes in ({"n_fft": 2**15}, {"n_fft": 2**28, "n_mels": 2**27}, {"n_mels": 257}):
        with pytest.raises(ConfigError, match="n_fft must be at most 16384, n_mels at most half"):
            frontend(conf={"n_fft": 512, **sizes})
    with pytest.raises(ConfigError, match="global_mvn has no statistics"):
        fuse(frontend(conf={"normalize": "global_mvn"}), av_batch.batch())
