"""Fusion against the formula."""

import torch

from espnet_av.modules.frontend.fusion import FUSIONS


def test_concat():
    torch.manual_seed(0)
    fusion = FUSIONS["concat"](3)
    audio, video = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    both = torch.cat([audio, video], dim=2)
    normal = (both - both.mean(2, keepdim=True)) / (
        both.var(2, unbiased=False, keepdim=True) + 1e-5
    ).sqrt()
    expected = normal @ fusion.project.weight.T + fusion.project.bias
    assert torch.allclose(fusion(audio, video), expected, atol=1e-5)


def test_norm_concat_keeps_the_streams_apart():
    torch.manual_seed(0)
    fusion = FUSIONS["norm_concat"](3)
    audio, video = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    parts = [torch.nn.functional.layer_norm(x, (3,)) for x in (audio, video)]
    expected = torch.cat(parts, dim=2) @ fusion.project.weight.T + fusion.project.bias
    assert torch.allclose(fusion(audio, video), expected, atol=1e-5)
    absent = fusion(audio, torch.zeros_like(video))
    expected = parts[0] @ fusion.project.weight[:, :3].T + fusion.project.bias
    assert torch.allclose(absent, expected, atol=1e-5)


def test_sum_adds_the_projected_lips():
    torch.manual_seed(0)
    fusion = FUSIONS["sum"](3)
    audio, video = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    assert torch.equal(fusion(audio, video), audio)
    torch.nn.init.normal_(fusion.project.weight)
    expected = audio + torch.einsum("btd,ed->bte", video, fusion.project.weight)
    assert torch.allclose(fusion(audio, video), expected, atol=1e-6)
    assert torch.equal(fusion(audio, torch.zeros_like(video)), audio)


def test_linear_joins_without_a_norm():
    torch.manual_seed(0)
    fusion = FUSIONS["linear"](3)
    audio, video = torch.randn(2, 4, 3), torch.randn(2, 4, 3)
    assert torch.equal(fusion(audio, video), audio)
    torch.nn.init.normal_(fusion.project.weight)
    torch.nn.init.normal_(fusion.project.bias)
    expected = torch.cat([audio, video], 2) @ fusion.project.weight.T + fusion.project.bias
    assert torch.allclose(fusion(audio, video), expected, atol=1e-6)
