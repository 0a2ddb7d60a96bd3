"""Configuration of audio-visual pre-training, in the shape of an ESPnet training YAML."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig
from espnet_av.modules.span_mask import SpanMaskConfig


@dataclass(frozen=True, kw_only=True)
class AVHubertConfig(AVFrontendConfig):
    """AV-HuBERT (arXiv 2201.02184), u-HuBERT (2207.07036) and XLAVS-R (2403.14402)."""

    audio_frontend: Annotated[
        str, Choice("modules.AUDIO_FRONTENDS", also=("none",), but=("espnet",))
    ] = "stacked_fbank"
    """What turns sound into features: `stacked_fbank` in AV-HuBERT and u-HuBERT, `wave` in
    XLAVS-R."""
    feature_size: int = 768
    """Size of streams, fusion and encoder: 768 base, 1024 large and 300M, 1920 in 2B."""
    encoder: Literal["wav2vec2"] = "wav2vec2"
    """Transformer over the fused features."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments; the defaults are those of the base size."""
    masking: Literal["input", "feature"] = "input"
    """`input`: sound and lips are masked apart, and a frame masked in either is predicted (5th
    iteration, XLAVS-R); `feature`: one mask on the fused features (iterations 1 to 4)."""
    audio_mask: SpanMaskConfig = field(default_factory=SpanMaskConfig)
    """Spans of masked sound, or of masked fused features, in frames at `frame_rate`."""
    video_mask: SpanMaskConfig = field(
        default_factory=lambda: SpanMaskConfig(start_prob=0.06, span=5)
    )
    """Spans of lips that other spans of the same clip replace, in video frames."""
    unmasked_weight: float = 0.0
    """alpha: weight of the frames that are not masked. 0 in AV-HuBERT base, 1 in AV-HuBERT large
    and XLAVS-R."""
    features_penalty: float = 10.0
    """Weight of the mean square of the features before the fusion."""
    feature_grad_mult: float = 0.1
    """What the gradient of the front ends, projections included, is multiplied by."""
    projection_size: int = 256
    """Channels in which frames and units are compared."""
    temperature: float = 0.1
    """What their cosine similarity is divided by."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("unmasked_weight", "features_penalty"):
            if getattr(self, name) < 0.0:
                msg = f"{name} is {getattr(self, name)}; it must be 0 or more"
                raise ConfigError(msg)
        if not 0.0 < self.feature_grad_mult <= 1.0:
            msg = (
                f"feature_grad_mult is {self.feature_grad_mult}; it must be above 0, at most 1; to "
                "leave the front ends as they are, use freeze_param: [frontend]"
            )
            raise ConfigError(msg)
        if self.projection_size < 1 or self.temperature <= 0.0:
            msg = (
                f"projection_size is {self.projection_size} and temperature {self.temperature}; "
                "both must be above 0 (AV-HuBERT has 256 and 0.1)"
            )
            raise ConfigError(msg)
