"""What every visual front end shares: it computes the mouth frames that exist, and no padding."""

from abc import abstractmethod

from torch import Tensor, nn

from espnet_av.compat import AbsFrontend
from espnet_av.ops.lengths import packed_index, unpack
from espnet_av.ops.mouth_pixels import normalise_pixels


class AbsVisualFrontend(AbsFrontend):
    """Mouth crops -> one feature vector per frame, computed on valid frames only.

    The valid frames of a batch are packed one after the other, so that padding costs nothing and
    reaches neither a convolution nor a statistic of batch norm. What looks at neighbouring frames
    must see zeros beyond the ends of a clip (`ops/lengths.py`).

    Args:
        image_pool: 2 averages each 2x2 pixels first, 1 does not.
        output_size: D.
    """

    def __init__(self, image_pool: int, output_size: int) -> None:
        super().__init__()
        self.image_pool = image_pool
        self._output_size = output_size

    def output_size(self) -> int:
        """D."""
        return self._output_size

    @abstractmethod
    def compute(self, pixels: Tensor, lengths: Tensor) -> Tensor:
        """Packed frames (N, H, W) float of clips of `lengths` (B,) frames on the CPU -> (N, D)."""

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, V, H, W) uint8, (B,) frames -> (B, V, D), (B,); padding is arbitrary, output 0 there.

        `input_lengths` should be on the CPU: packing needs their values on the host.
        """
        lengths = input_lengths.cpu()
        batch_size, max_length = input.shape[:2]
        index = packed_index(lengths, max_length).to(input.device, non_blocking=True)
        # (B, V, H, W) -> (N, H, W)
        frames = input.flatten(0, 1)[index]
        packed = self.compute(normalise_pixels(frames, self.image_pool), lengths)
        return unpack(packed, index, batch_size, max_length), input_lengths


def initialise_convolutions(module: nn.Module) -> None:
    """Draws the weights of every convolution inside for what a ReLU passes on (He et al. 2015)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
