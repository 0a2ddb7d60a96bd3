"""Codes of frames by a fixed random projection and fixed random codebooks (BEST-RQ)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from espnet_av.ops.precision import full_precision


def draw_projection(num_codebooks: int, in_size: int, out_size: int, seed: int) -> Tensor:
    """Projections with Xavier's uniform distribution, on the CPU.

    Args:
        num_codebooks: G.
        in_size: D.
        out_size: E.
        seed: equal seeds give equal numbers, whatever the device and torch's own generators.

    Returns:
        (G, D, E) float32.
    """
    bound = (6.0 / (in_size + out_size)) ** 0.5
    shape, generator = (num_codebooks, in_size, out_size), torch.Generator("cpu").manual_seed(seed)
    return (torch.rand(shape, generator=generator, device="cpu") * 2.0 - 1.0) * bound


def draw_codebooks(num_codebooks: int, num_entries: int, size: int, seed: int) -> Tensor:
    """Vectors of length 1 in random directions, on the CPU; arguments as in `draw_projection`.

    Returns:
        (G, V, E) float32.
    """
    shape, generator = (num_codebooks, num_entries, size), torch.Generator("cpu").manual_seed(seed)
    return F.normalize(torch.randn(shape, generator=generator, device="cpu"), dim=2)


def nearest_codes(x: Tensor, projection: Tensor, codebooks: Tensor) -> Tensor:
    """The entry nearest to the projected and normalised input (arXiv 2202.01855, equation 1).

    |c - z / |z||^2 = 2 - 2 c.z / |z| for entries c of length 1, so the nearest one has the largest
    product with z, and z needs no normalisation.

    Args:
        x: (N, D) float.
        projection: (G, D, E) float32.
        codebooks: (G, V, E) float32, each entry of length 1.

    Returns:
        (N, G) int64.
    """
    with torch.no_grad(), full_precision(x.device):
        projected = torch.einsum("nd,gde->gne", x.float(), projection)
        # One codebook at a time: (N, V) scores are the largest thing here.
        pairs = zip(projected, codebooks, strict=True)
        return torch.stack([(z @ entries.T).argmax(dim=1) for z, entries in pairs], dim=1)
