"""The quantiser of BEST-RQ: what its codes depend on."""

import torch

from espnet_av.modules.random_projection_quantizer import (
    RandomProjectionConfig,
    RandomProjectionQuantizer,
)


def make(**changes):
    return RandomProjectionQuantizer(12, RandomProjectionConfig(num_entries=50, size=4, **changes))


def test_neither_level_nor_loudness_of_a_stack_matters():
    torch.manual_seed(0)
    x = torch.randn(60, 12)
    codes = make(num_codebooks=2)(x)
    assert codes.shape == (60, 2)
    assert codes.dtype == torch.int64
    assert torch.equal(make(num_codebooks=2)(7 * x + 3), codes)
    assert not torch.equal(codes[:, 0], codes[:, 1])


def test_nothing_learns_and_all_is_saved():
    quantizer = make()
    assert not list(quantizer.parameters())
    assert set(quantizer.state_dict()) == {"projection", "codebooks"}
    assert quantizer.projection.shape == (1, 12, 4)
    assert quantizer.codebooks.shape == (1, 50, 4)


def test_shapes_without_numbers():
    with torch.device("meta"):
        quantizer = make()
    assert all(buffer.is_meta for buffer in quantizer.buffers())
