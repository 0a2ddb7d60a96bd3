"""Audio front end of ESPnet's recognisers, with the subsampling of their encoders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from typeguard import typechecked

from espnet_av import compat
from espnet_av.compat import AbsFrontend
from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.conv_subsampling import ConvSubsampling
from espnet_av.modules.frontend.mean_variance import GlobalMVN, UtteranceMVN
from espnet_av.modules.frontend.spec_augment import SpecAugment, SpecAugmentConfig
from espnet_av.ops.frame_grid import FrameGrid
from espnet_av.ops.lengths import valid_mask
from espnet_av.ops.reflection import reflect_ends
from espnet_av.rates import SAMPLE_RATE

SUBSAMPLINGS: dict[str, tuple[tuple[int, int], ...]] = {
    "conv2d": ((3, 2), (3, 2)),
    "conv2d1": ((3, 1), (3, 1)),
    "conv2d2": ((3, 2), (3, 1)),
    "conv2d6": ((3, 2), (5, 3)),
    "conv2d8": ((3, 2), (3, 2), (3, 2)),
}
"""ESPnet's `input_layer` of an encoder -> (kernel, stride) of its convolutions."""
_MAX_N_FFT = 1 << 14
"""A second; the filters take n_fft times n_mels numbers."""


@dataclass(frozen=True, kw_only=True)
class EspnetFrontendConfig:
    """ESPnet's `frontend: default`, its `normalize`, and the `input_layer` of its encoder."""

    n_fft: int = 512
    """Samples of the transform, at 16 kHz."""
    win_length: int | None = None
    """Samples of the window; null: all of the transform."""
    hop_length: int = 128
    """Samples from one window to the next."""
    window: str | None = "hann"
    """Name of torch's window; null: none."""
    center: bool = True
    """Whether windows are centred, the sound being reflected at its ends."""
    normalized: bool = False
    """Whether the transform is divided by the root of its size."""
    n_mels: int = 80
    """Mel bands."""
    fmin: int | None = None
    """Lowest frequency in Hz; null: 0."""
    fmax: int | None = None
    """Highest frequency in Hz; null: 8000."""
    htk: bool = False
    """Mel scale of HTK; else that of Slaney."""
    normalize: Literal["global_mvn", "utterance_mvn", "none"] = "utterance_mvn"
    """Statistics of the training set, which come with the weights, or those of each utterance."""
    norm_means: bool = True
    """Whether the mean is taken away."""
    norm_vars: bool = False
    """Whether the standard deviation becomes 1."""
    input_layer: Annotated[str, Choice("modules.frontend.espnet_frontend.SUBSAMPLINGS")] = "conv2d"
    """Convolutions without padding that make frames fewer: by 4, 1, 2, 6, 8."""
    spec_augment: SpecAugmentConfig = field(default_factory=SpecAugmentConfig)
    """Stripes that hide parts of the features in training, before they are normalised."""

    def __post_init__(self) -> None:
        for name in ("n_fft", "hop_length", "n_mels"):
            if getattr(self, name) < 1:
                msg = f"espnet: {name} is {getattr(self, name)}; it must be 1 or more"
                raise ConfigError(msg)
        if self.n_fft % 2:
            msg = f"espnet: n_fft is {self.n_fft}; it must be even, e.g. 512"
            raise ConfigError(msg)
        if self.n_fft > _MAX_N_FFT or self.n_mels > self.n_fft // 2:
            msg = (
                f"espnet: n_fft is {self.n_fft}, n_mels {self.n_mels}; n_fft must be at most "
                f"{_MAX_N_FFT}, n_mels at most half of it, e.g. 512 and 80"
            )
            raise ConfigError(msg)
        if self.window is not None and not hasattr(torch, f"{self.window}_window"):
            msg = f"espnet: window '{self.window}' is none of torch's; take hann or hamming"
            raise ConfigError(msg)

    def grid(self) -> FrameGrid:
        """Where the frames stand."""
        stages = SUBSAMPLINGS[self.input_layer]
        return FrameGrid(self.n_fft, self.hop_length, self.center, stages)


class EspnetFrontend(AbsFrontend):
    """Sound at 16 kHz -> what the layers of ESPnet's encoder get, but for the positional encoding.

    The transform is ESPnet's own, and an utterance gets the values that ESPnet gives it alone. In a
    batch ESPnet's differ with the padding: zeros instead of a reflection at the end of shorter
    sounds, and frames that begin beyond their end. Here neither happens, so that frames are as many
    as in ESPnet's own decoding, fewer than S // 640 * `grid.rate` / 25.

    Args:
        config: see `EspnetFrontendConfig`.
        output_size: D, the size of the encoder.

    Attributes:
        grid: number, rate and place of the frames.
    """

    @typechecked
    def __init__(self, config: EspnetFrontendConfig, output_size: int) -> None:
        super().__init__()
        self.grid = config.grid()
        self._output_size = output_size
        self.log_mel = compat.DefaultFrontend(
            fs=SAMPLE_RATE,
            n_fft=config.n_fft,
            win_length=config.win_length,
            hop_length=config.hop_length,
            window=config.window,
            # Reflected here, each sound at its own end.
            center=False,
            normalized=config.normalized,
            n_mels=config.n_mels,
            fmin=config.fmin,
            fmax=config.fmax,
            htk=config.htk,
            frontend_conf=None,
        )
        self.spec_augment = SpecAugment(config.spec_augment)
        self.normalise: nn.Module | None = None
        if config.normalize == "global_mvn":
            self.normalise = GlobalMVN(config.n_mels, config.norm_means, config.norm_vars)
        elif config.normalize == "utterance_mvn":
            self.normalise = UtteranceMVN(config.norm_means, config.norm_vars)
        stages = SUBSAMPLINGS[config.input_layer]
        self.embed = ConvSubsampling(config.n_mels, output_size, stages)

    def output_size(self) -> int:
        """D."""
        return self._output_size

    def forward(self, input: Tensor, input_lengths: Tensor) -> tuple[Tensor, Tensor]:
        """(B, S) float, (B,) samples -> (B, T, D), (B,) frames; padding is arbitrary."""
        features = self.embed(self._features(input, input_lengths))
        return features, self.grid.num_frames(input_lengths)

    @torch.no_grad()
    def _features(self, speech: Tensor, samples: Tensor) -> Tensor:
        """Normalised log-mel (B, windows, n_mels), zero beyond each utterance."""
        # Half precision would lose quiet bands: power spans more than its range.
        with torch.autocast(speech.device.type, enabled=False):
            margin = self.grid.margin
            inside = valid_mask(samples, speech.size(1), speech.device)
            speech = torch.where(inside, speech.float(), 0.0)
            if margin:
                speech = reflect_ends(speech, samples, margin)
            features, _ = self.log_mel(speech, samples + 2 * margin)
            lengths = self.grid.num_windows(samples)
            features = self.spec_augment(features, lengths)
            return features if self.normalise is None else self.normalise(features, lengths)
