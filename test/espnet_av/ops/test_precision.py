"""Autocast is off inside, on again outside, and the meta device can be asked too."""

import pytest
import torch

from espnet_av.ops.precision import full_precision


def product(device="cpu"):
    x = torch.ones(2, 2, device=device)
    return (x @ x).dtype


def test_products_are_whole_inside_and_half_again_outside():
    with torch.autocast("cpu", torch.bfloat16):
        assert product() == torch.bfloat16
        with full_precision(torch.device("cpu")):
            assert product() == torch.float32
            with full_precision(torch.device("cpu")):
                assert product() == torch.float32
            assert product() == torch.float32
        assert product() == torch.bfloat16


def test_it_ends_with_an_error_too():
    with torch.autocast("cpu", torch.bfloat16):
        with pytest.raises(RuntimeError, match="inside"), full_precision(torch.device("cpu")):
            raise RuntimeError("inside")
        assert product() == torch.bfloat16


def test_gradients_of_what_ran_inside_are_whole():
    x = torch.tensor([1.0 + 2**-12], requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16), full_precision(torch.device("cpu")):
        y = x.view(1, 1) @ x.view(1, 1)
    y.sum().backward()
    assert x.grad.item() == 2 * (1.0 + 2**-12)


def test_the_meta_device_goes_with_the_cpu():
    with torch.autocast("cpu", torch.bfloat16), full_precision(torch.device("meta")):
        assert product() == torch.float32
        assert product("meta") == torch.float32


@pytest.mark.gpu
def test_on_a_gpu(device):
    with torch.autocast(device, torch.bfloat16):
        assert product(device) == torch.bfloat16
        with full_precision(torch.device(device)):
            assert product(device) == torch.float32
