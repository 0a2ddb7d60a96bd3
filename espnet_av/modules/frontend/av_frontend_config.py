"""Configuration of the audio-visual front end, shared by every model that hears or sees."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.rates import FrameRate


@dataclass(frozen=True, kw_only=True)
class ModalityDropoutConfig:
    """Leaving out one modality in training; what is left out is not computed."""

    drop_prob: float = 0.0
    """p_m: probability that one of the two is left out."""
    audio_given_drop: float = 0.5
    """p_a: probability that it is the audio. p_m 0.5 and p_a 0 give 50 % AV and 50 % A."""
    per: Literal["batch", "utterance", "view"] = "batch"
    """One draw for the whole batch (AV-HuBERT) or one for each utterance (lower variance); `view`
    draws nothing: each step learns from every utterance with both, its audio and its video."""

    def __post_init__(self) -> None:
        for name in ("drop_prob", "audio_given_drop"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                msg = f"modality_dropout: {name} is {getattr(self, name)}; a probability is in 0..1"
                raise ConfigError(msg)


@dataclass(frozen=True, kw_only=True)
class AVFrontendConfig:
    """Front ends, their rate and their fusion; the keys are those of the model's configuration."""

    audio_frontend: Annotated[str, Choice("modules.AUDIO_FRONTENDS", also=("none",))] = "log_mel"
    """What turns sound into features; `none` makes a lip reader, `espnet` has a rate of its own."""
    audio_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    visual_frontend: Annotated[str, Choice("modules.VISUAL_FRONTENDS", also=("none",))] = "resnet"
    """What turns mouth crops into features: ResNet-18 after a 3-D stem, five (2+1)D convolutions
    (FAVA), or one linear layer over the pixels; `none` makes an audio-only model."""
    visual_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    frame_rate: FrameRate = 25
    """Features a second. 50 keeps the rate of wav2vec 2.0 (`wave` only); each video frame then
    counts twice."""
    feature_size: int = 256
    """Size of both feature streams and of their fusion."""
    fusion: Annotated[str, Choice("modules.frontend.fusion.FUSIONS", also=("none",))] = "concat"
    """How the streams are joined: LayerNorm on both together (`concat`) or on each, then Linear;
    Linear alone, which starts as the audio stream unchanged; `sum`: audio plus Linear of the video,
    which starts at zero (FAVA); `none` = there is one stream only."""
    dropout_rate: float = 0.1
    """Dropout on the fused features."""
    modality_dropout: ModalityDropoutConfig = field(default_factory=ModalityDropoutConfig)
    """Leaving out one modality in training."""

    def __post_init__(self) -> None:
        if self.audio_frontend == "none" and self.visual_frontend == "none":
            msg = "audio_frontend and visual_frontend are both none; choose one"
            raise ConfigError(msg)
        if self.fusion == "none" and "none" not in (self.audio_frontend, self.visual_frontend):
            msg = (
                "fusion is none, but there are two front ends; set visual_frontend: none (or "
                "audio_frontend), or a fusion, e.g. concat"
            )
            raise ConfigError(msg)
        if self.frame_rate == 50 and self.audio_frontend not in ("wave", "none"):
            own = "the rate of its windows" if self.audio_frontend == "espnet" else "25 Hz only"
            msg = (
                f"frame_rate is 50, but audio_frontend {self.audio_frontend} has {own}; "
                "set audio_frontend: wave or frame_rate: 25"
            )
            raise ConfigError(msg)
        if not 0.0 <= self.dropout_rate <= 1.0:
            msg = f"dropout_rate is {self.dropout_rate}; it must be in 0..1"
            raise ConfigError(msg)
        if self.feature_size < 1:
            msg = f"feature_size is {self.feature_size}; it must be 1 or more"
            raise ConfigError(msg)
