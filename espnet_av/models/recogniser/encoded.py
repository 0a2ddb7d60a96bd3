"""What the encoder of a recogniser gives."""

from dataclasses import dataclass

from torch import Tensor

from espnet_av.modules.av_frontend import Fused


@dataclass(frozen=True)
class Encoded:
    """Encoder output at the frame rate of the front end."""

    out: Tensor
    """(B, T, D), arbitrary beyond each length."""
    lengths: Tensor
    """(B,) int64 frames, on the CPU."""
    intermediate: list[tuple[int, Tensor]]
    """(layer from 1, (B, T, D)) for each of `interctc_layers`."""
    fused: Fused
    """What the encoder was given; with several views an utterance, B is the number of rows."""

    def count_longer(self, needed: Tensor) -> Tensor:
        """How many utterances have fewer frames than the (R,) int64 of each row; () float32."""
        longer = needed > self.lengths.to(needed.device, non_blocking=True)
        # The first rows are the utterances, once each.
        return longer[: int(self.fused.rows.max()) + 1].sum().float()
