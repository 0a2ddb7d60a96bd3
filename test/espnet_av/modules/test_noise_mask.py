"""Spans behind noise: drawn by step in training, by utterance in evaluation."""

import pytest
import torch

from espnet_av.modules.noise_mask import NoiseMaskConfig, draw_noise_mask, hide_behind_noise
from espnet_av.modules.step_noise import StepNoise

CPU = torch.device("cpu")
LENGTHS = torch.tensor([200, 120])


def test_masks_of_an_utterance_do_not_depend_on_its_batch_in_evaluation():
    config, names = NoiseMaskConfig(start_prob=0.05, span=10), ["a", "b"]
    noise = StepNoise(None, CPU, training=False, utt_id=names)
    mask = draw_noise_mask(config, noise, 0, LENGTHS, 200)
    alone = draw_noise_mask(config, StepNoise(None, CPU, False, ["b"]), 0, LENGTHS[1:], 120)
    assert torch.equal(mask[1, :120], alone[0])
    assert mask.any(dim=1).all()
    assert not mask[1, 120:].any()


def test_noise_replaces_what_is_masked_and_only_that():
    noise = StepNoise((0, 0, 0), CPU, training=True)
    features, mask = torch.randn(2, 200, 80), torch.rand(2, 200) < 0.3
    out = hide_behind_noise(features, mask, 0.1, noise, 1, LENGTHS)
    assert torch.equal(out[~mask], features[~mask])
    filling = out[mask]
    assert filling.mean().abs() < 0.003
    assert filling.std().item() == pytest.approx(0.1, rel=0.02)
    fourth = (filling / filling.std()).pow(4).mean().item()
    assert fourth == pytest.approx(3.0, rel=0.1), "normal, not uniform"
    assert torch.equal(out, hide_behind_noise(features, mask, 0.1, noise, 1, LENGTHS))


def test_a_random_number_of_zero_gives_no_infinity():
    class Zeros(StepNoise):
        def frames(self, kind, lengths, num_frames, width):
            return torch.zeros(len(lengths), num_frames, width)

    mask = torch.ones(1, 3, dtype=torch.bool)
    args = (Zeros(None, CPU, True), 1, torch.tensor([3]))
    assert hide_behind_noise(torch.zeros(1, 3, 2), mask, 0.1, *args).isfinite().all()
