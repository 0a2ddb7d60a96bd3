"""What the encoder of a recogniser gives."""

from dataclasses import dataclass

from torch import Tensor

from espnet_av.modules.frontend.av_frontend import Fused
from espnet_av.modules.statistics import Weighted, count_of, mean_over


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

    @property
    def num_utts(self) -> int:
        """Utterances, which are the first rows, once each."""
        return int(self.fused.rows.max()) + 1

    def count(self, rows: Tensor) -> Weighted:
        """How many utterances are marked in (R,) bool."""
        return count_of(rows[: self.num_utts].sum())

    def per_utterance(self, loss: Tensor) -> Weighted:
        """A loss () that is a mean over the rows, as one over the utterances."""
        return mean_over(loss, float(self.num_utts))
