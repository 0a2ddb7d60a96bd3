"""What the encoder of a recogniser gives."""

from dataclasses import dataclass

from torch import Tensor

from espnet_av.modules.frontend.av_frontend import Fused


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

    def count(self, rows: Tensor) -> Tensor:
        """How many utterances are marked in (R,) bool; () float32 on the device of `out`."""
        # The first rows are the utterances, once each.
        num_utts = int(self.fused.rows.max()) + 1
        return rows[:num_utts].sum().float().to(self.out.device, non_blocking=True)
