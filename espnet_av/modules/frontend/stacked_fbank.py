"""Audio front end of AV-HuBERT: 26-band filterbank, four windows stacked, one linear layer."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av.compat import AbsFrontend
from espnet_av.errors import ConfigError
from espnet_av.ops.filterbank import av_hubert_fbank, fbank_filters
from espnet_av.ops.frame_stacking import stack_frames
from espnet_av.ops.precision import full_precision
from espnet_av.rates import SAMPLES_PER_FRAME

STACK = 4
"""Filterbank windows (100 Hz) per output frame (25 Hz)."""


@dataclass(frozen=True, kw_only=True)
class StackedFbankConfig:
    """Stacked filterbank front end."""

    num_mels: int = 26
    """Mel bands; 26 is what AV-HuBERT checkpoints expect."""

    def __post_init__(self) -> None:
        if not 1 <= self.num_mels <= 40:
            msg = (
                f"stacked_fbank: num_mels is {self.num_mels}; above 40, triangles rounded to FFT "
                "bins become empty, choose 26"
            )
            raise ConfigError(msg)


class StackedFbankFrontend(AbsFrontend):
    """Sound at 16 kHz -> one feature vector for each 25 Hz video frame, as AV-HuBERT computes it.

    Args:
        config: see `StackedFbankConfig`.
        output_size: D.
    """

    filters: Tensor

    @typechecked
    def __init__(self, config: StackedFbankConfig, output_size: int) -> None:
        super().__init__()
        self.register_buffer("filters", fbank_filters(config.num_mels), persistent=False)
        self.project = nn.Linear(STACK * config.num_mels, output_size)
        self._output_size = output_size

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) float, (B,) samples -> (B, S // 640, D), (B,) frames; padding is arbitrary."""
        lengths = torch.div(input_lengths, SAMPLES_PER_FRAME, rounding_mode="floor")
        with torch.no_grad(), full_precision(input.device):
            features = av_hubert_fbank(input, input_lengths, self.filters)
            # (B, 4T, 26) -> (B, T, 104), each frame normalised over its 104 values
            features = stack_frames(features, STACK)
            features = F.layer_norm(features, features.shape[-1:])
        return self.project(features), lengths
