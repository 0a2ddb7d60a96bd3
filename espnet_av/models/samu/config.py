"""Configuration of semantic distillation; the keys are those of a recogniser's YAML."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.modules.feature_mask import FeatureMaskConfig
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig
from espnet_av.rates import FrameRate


@dataclass(frozen=True, kw_only=True)
class SamuConfig(AVFrontendConfig):
    """SAMU-XLS-R (arXiv 2205.08180, 2306.00789); with lips, an XLAVS-R in its place."""

    audio_frontend: Annotated[
        str, Choice("modules.AUDIO_FRONTENDS", also=("none",), but=("espnet",))
    ] = "wave"
    """What turns sound into features: `wave` in XLS-R and XLAVS-R."""
    visual_frontend: Annotated[str, Choice("modules.VISUAL_FRONTENDS", also=("none",))] = "none"
    """What turns lips into features; `none`: they are not looked at."""
    frame_rate: FrameRate = 50
    """Features a second; 50 in XLS-R and XLAVS-R."""
    feature_size: int = 768
    """Of the features and of the transformer: 768 base, 1024 in 300M, 1280 in 1B, 1920 in 2B."""
    fusion: Annotated[str, Choice("modules.frontend.fusion.FUSIONS", also=("none",))] = "none"
    """How sound and lips are joined."""
    dropout_rate: float = 0.0
    """Dropout on the features."""
    encoder: Literal["wav2vec2"] = "wav2vec2"
    """Transformer."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments; sizes are those of base if left out."""
    feature_mask: FeatureMaskConfig | None = field(default_factory=FeatureMaskConfig)
    """What is hidden of the features in training; null: nothing."""
    vector_size: int = 768
    """Numbers of a vector, as many as the teacher has: 768 in LaBSE."""
    beta: float = 50.0
    """What 1 - cosine is multiplied by, so that half precision does not lose its gradient."""
    freeze_encoder_steps: int = 0
    """Optimiser steps for which the head alone learns."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vector_size < 1 or self.beta <= 0.0 or self.freeze_encoder_steps < 0:
            msg = (
                f"vector_size is {self.vector_size}, beta {self.beta}, freeze_encoder_steps "
                f"{self.freeze_encoder_steps}; use at least 1, above 0, and 0 or more (SAMU-XLS-R: "
                "768 and 50)"
            )
            raise ConfigError(msg)
