"""Products of matrices by either library, against sums in float64."""

import pytest
import torch

from espnet_av.ops import product
from espnet_av.ops.product import affine


@pytest.fixture(params=["torch's choice", "oneDNN"])
def library(request, monkeypatch):
    """Both ways on any processor; each is asked for at any size."""
    operator = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    if request.param == "oneDNN" and (operator is None or not torch.backends.mkldnn.is_available()):
        pytest.skip("this torch has no oneDNN, or not its operator")
    asked = []

    def counted(*args):
        asked.append(args)
        return operator(*args)

    monkeypatch.setattr(product, "_LEAST_WORK", 0)
    chosen = counted if request.param == "oneDNN" else None
    monkeypatch.setattr(product, "_onednn", lambda: chosen)
    return asked, request.param == "oneDNN"


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize(("num", "dim", "size"), [(1, 1, 1), (7, 5, 3), (40, 39, 100), (0, 4, 2)])
@pytest.mark.parametrize("with_bias", [True, False])
def test_same_as_sums_in_float64(library, num, dim, size, with_bias):
    x, weight, bias = drawn(num, dim), drawn(size, dim, seed=1), drawn(size, seed=2)
    found = affine(x, weight, bias if with_bias else None)
    expected = x.double() @ weight.double().T + (bias.double() if with_bias else 0.0)
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=1e-4)
    assert found.dtype == torch.float32
    assert bool(library[0]) == library[1]


def test_transposed_and_sliced_matrices(library):
    """Views as those of a gradient: no copy of them is needed."""
    x, weight = drawn(30, 12).T[2:], drawn(30, 50, seed=1)[:, ::2].T
    expected = x.double() @ weight.double().T
    torch.testing.assert_close(affine(x, weight).double(), expected, rtol=1e-5, atol=1e-4)


def test_other_types_and_gradients_go_torchs_way(library):
    asked, _ = library
    double = affine(drawn(4, 3, dtype=torch.float64), drawn(2, 3, dtype=torch.float64))
    assert double.dtype == torch.float64
    weight = drawn(2, 3).requires_grad_()
    affine(drawn(4, 3), weight).sum().backward()
    assert weight.grad is not None
    assert not asked
    with torch.no_grad():
        assert not affine(drawn(4, 3), weight).requires_grad


def test_small_products_are_not_worth_it(monkeypatch):
    def refuse(*args):
        raise AssertionError(args)

    monkeypatch.setattr(product, "_onednn", lambda: refuse)
    assert affine(drawn(10, 128), drawn(128, 128)).shape == (10, 128)
    with pytest.raises(AssertionError):
        affine(drawn(100, 128), drawn(128, 128))


@pytest.mark.parametrize("held_back", [True, False])
def test_only_where_mkl_holds_back(monkeypatch, held_back):
    monkeypatch.setattr(product, "mkl_holds_back", lambda: held_back)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)
    product._onednn.cache_clear()
    try:
        expected = getattr(torch.ops.mkldnn, "_linear_pointwise", None) if held_back else None
        assert product._onednn() is expected
    finally:
        product._onednn.cache_clear()
