"""Filterbanks against the slow reference, against torchaudio, and across padding."""

import numpy as np
import pytest
import torch
from oracles.logfbank import filters, logfbank

from espnet_av.ops.filterbank import (
    WINDOW,
    av_hubert_fbank,
    fbank_filters,
    log_mel,
    mel_filters,
)


def int16_wave(size, seed=0):
    rng = np.random.default_rng(seed)
    tone = 8000 * np.sin(np.arange(size) * 0.07) * np.linspace(0, 1, size)
    return (tone + rng.normal(0, 300, size)).astype(np.int16)


def ours(waves):
    lengths = torch.tensor([len(wave) for wave in waves])
    batch = torch.zeros(len(waves), int(lengths.max()))
    for row, wave in zip(batch, waves, strict=True):
        row[: len(wave)] = torch.from_numpy(wave.astype(np.float32) / 32768)
    return av_hubert_fbank(batch, lengths, fbank_filters())


def test_filters_equal_the_reference():
    np.testing.assert_allclose(fbank_filters().T.numpy(), filters(), atol=1e-7)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_fbank_equals_the_reference(frames):
    wave = int16_wave(640 * frames)
    expected = logfbank(wave)
    assert len(expected) == 4 * frames - 1
    got = ours([wave])[0].numpy()
    np.testing.assert_allclose(got[: len(expected)], expected, atol=2e-3)
    assert got.shape == (4 * frames, 26)
    assert not got[-1].any()


def test_fbank_of_a_batch_equals_each_alone():
    waves = [int16_wave(640 * 3, 1), int16_wave(640 * 7, 2)]
    batch = ours(waves)
    for row, wave in zip(batch, waves, strict=True):
        alone = ours([wave])[0]
        assert torch.allclose(row[: len(alone)], alone, atol=1e-5)
        assert not row[len(alone) :].any()


def test_fbank_of_digital_silence_is_the_floor():
    got = ours([np.zeros(1280, dtype=np.int16)])[0, :7]
    assert torch.allclose(got, torch.tensor(np.log(np.finfo(float).eps), dtype=torch.float32))


def test_log_mel_windows_are_centred_on_their_hop():
    speech = torch.randn(1, 1600)
    window, bank = torch.hann_window(WINDOW), mel_filters(80)
    got = log_mel(speech, 10, window, bank)
    padded = torch.cat([torch.zeros(120), speech[0], torch.zeros(400)])
    for n in (0, 3, 9):
        frame = padded[n * 160 : n * 160 + 400] * window
        power = torch.fft.rfft(frame, 512).abs() ** 2
        assert torch.allclose(got[0, n], (power @ bank).clamp(min=1e-10).log(), atol=1e-4)


def test_log_mel_of_short_speech_is_padded_with_silence():
    got = log_mel(torch.zeros(1, 10), 4, torch.hann_window(WINDOW), mel_filters(8))
    assert torch.allclose(got, torch.full((1, 4, 8), 1e-10).log())


def test_fbank_filters_on_the_meta_device_where_linspace_does_not_follow(monkeypatch):
    linspace = torch.linspace
    with torch.device("cpu"):  # torch notes now, not below, which functions follow
        torch.empty(0)
    monkeypatch.setattr(
        torch, "linspace", lambda *args, device="cpu", **kw: linspace(*args, device=device, **kw)
    )
    with torch.device("meta"):
        assert fbank_filters().is_meta
