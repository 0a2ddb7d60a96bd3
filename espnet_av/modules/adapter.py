"""Bottleneck adapters: what learns inside a layer that is frozen (arXiv 1902.00751)."""

from torch import Tensor, nn
from torch.nn.functional import relu


class BottleneckAdapter(nn.Module):
    """x + up(relu(down(x))); it begins as the identity.

    Args:
        size: D.
        inner_size: of the bottleneck; a quarter of D in SAMU-XLS-R.
    """

    def __init__(self, size: int, inner_size: int) -> None:
        super().__init__()
        self.down = nn.Linear(size, inner_size)
        self.up = nn.Linear(inner_size, size)
        self.make_identity()

    def make_identity(self) -> None:
        """As it begins; to be called after other code has drawn all weights of a model."""
        nn.init.zeros_(self.up.weight)
        nn.init.zeros_(self.up.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, D)."""
        return x + self.up(relu(self.down(x)))


def adapter(size: int, inner_size: int) -> nn.Module:
    """An adapter, or what changes nothing and has no weights if `inner_size` is 0."""
    return BottleneckAdapter(size, inner_size) if inner_size else nn.Identity()
