"""How evenly the entries of a codebook are used, and the loss that evens it out."""

import torch
from torch import Tensor


def perplexity(probs: Tensor, mask: Tensor) -> Tensor:
    """Effective number of entries in use: exp of the entropy of their mean over frames.

    Args:
        probs: (B, T, G, V) float, distribution over the V entries of each of G groups.
        mask: (B, T) bool, frames that count.

    Returns:
        (G,) float32 in 1..V.
    """
    weights = mask.float()
    # (B, T) with (B, T, G, V) -> (G, V)
    mean = torch.einsum("bt,btgv->gv", weights, probs.float()) / weights.sum().clamp(min=1.0)
    return _exp_entropy(mean)


def count_codes(codes: Tensor, num_entries: int) -> Tensor:
    """How often each entry is chosen.

    Args:
        codes: (N, G) int64 in 0..V-1, an entry for each of G codebooks.
        num_entries: V.

    Returns:
        (G, V) float32.
    """
    counts = torch.zeros(codes.size(1), num_entries, device=codes.device)
    # Unlike bincount, it does not ask the device how large the largest code is.
    return counts.scatter_add_(1, codes.T, torch.ones_like(codes.T, dtype=counts.dtype))


def count_perplexity(counts: Tensor) -> Tensor:
    """Effective number of entries in use, from how often each one is.

    Args:
        counts: (G, V) float, 0 or more.

    Returns:
        (G,) float32 in 1..V; NaN where nothing was counted.
    """
    return _exp_entropy(counts / counts.sum(dim=1, keepdim=True))


def diversity_loss(group_perplexity: Tensor, num_entries: int) -> Tensor:
    """Share of the entries that are not in use, (GV - perplexity) / GV (section 3.2, 2006.11477).

    Args:
        group_perplexity: (G,), of the mean distribution before sampling.
        num_entries: V.

    Returns:
        () float32 in 0..1.
    """
    return 1.0 - group_perplexity.mean() / num_entries


def draw_gumbel(
    shape: tuple[int, ...], device: torch.device, generator: torch.Generator | None = None
) -> Tensor:
    """Standard Gumbel noise, float32 of a given shape; `generator` is of that device."""
    return -torch.empty(shape, device=device).exponential_(generator=generator).log()


def _exp_entropy(probs: Tensor) -> Tensor:
    """(G, V) distributions -> (G,) exp of their entropies."""
    # Below the bound the term is nil, and its gradient would be infinite at 0.
    return torch.exp(-(probs * probs.clamp(min=1e-7).log()).sum(dim=1))
