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
    # Below the bound the term is nil, and its gradient would be infinite at 0.
    return torch.exp(-(mean * mean.clamp(min=1e-7).log()).sum(dim=1))


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
