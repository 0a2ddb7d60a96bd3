"""What the configurations of all recognisers have in common, in the shape of an ESPnet YAML."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.modules.feature_mask import FeatureMaskConfig
from espnet_av.modules.frontend.av_frontend_config import AVFrontendConfig


@dataclass(frozen=True, kw_only=True)
class RecogniserConfig(AVFrontendConfig):
    """Front ends, encoder, CTC and frame labels."""

    output_dropout_rate: float = 0.0
    """Dropout on the output of the encoder."""
    encoder: Annotated[str, Choice("modules.encoder.ENCODERS")] = "conformer"
    """ESPnet's name of the encoder, `causal_conformer`, which is its Conformer for streaming, or
    `wav2vec2`, the transformer of the pre-trained models."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments, as in ESPnet."""
    feature_mask: FeatureMaskConfig | None = None
    """What is hidden of the fused features in training, as in fine-tuning of XLS-R; null: nothing.
    The vector in place of hidden frames is `mask_emb`, as in the pre-trained models."""
    freeze_encoder_steps: int = 0
    """Optimiser steps for which front ends and encoder do not learn, so that a new decoder does
    not spoil what was learned before; 0 = they always learn."""
    freeze_batch_norm: bool = False
    """Batch norm of the front ends keeps the statistics it came with. Otherwise they move, as in
    AV-HuBERT, where dropout and layerdrop stay on in a frozen encoder too."""
    ctc_weight: float = 1.0
    """Weight of the CTC loss; 0 = no CTC layer."""
    interctc_layers: list[int] = field(default_factory=list)
    """Encoder layers (from 1) whose output gets a CTC loss too."""
    interctc_weight: float = 0.3
    """Share of these losses in the CTC loss; unused without `interctc_layers`."""
    units_weight: float = 0.0
    """Weight of the frame-label loss, added to the others; 0 = no such head."""
    frontend_units_weight: float = 0.0
    """Weight of the same loss on each front end alone, through a head that sees 9 frames: it makes
    ear and eye learn before the encoder can guess from context; 0 = no such heads."""
    units_smoothing: float = 0.0
    """Label smoothing of the frame-label losses."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_shares("ctc_weight", "interctc_weight", "output_dropout_rate", "units_smoothing")
        for name in ("units_weight", "frontend_units_weight", "freeze_encoder_steps"):
            if getattr(self, name) < 0.0:
                msg = f"{name} is {getattr(self, name)}; it must be 0 or more"
                raise ConfigError(msg)
        if self.interctc_layers and self.ctc_weight == 0.0:
            msg = "interctc_layers need CTC, but ctc_weight is 0; raise it, e.g. 0.3"
            raise ConfigError(msg)

    def check_shares(self, *names: str) -> None:
        """Raises ConfigError unless each of these fields is in 0..1."""
        for name in names:
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                msg = f"{name} is {value}; it must be in 0..1"
                raise ConfigError(msg)
