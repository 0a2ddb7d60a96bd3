"""Configuration of the audio-visual recogniser, in the shape of an ESPnet training YAML."""

from dataclasses import dataclass, field
from typing import Any, Literal

from espnet_av.errors import ConfigError


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
class AVSRConfig:
    """Audio-visual recogniser."""

    audio_frontend: Literal["log_mel", "stacked_fbank", "wave", "none"] = "log_mel"
    """What turns sound into 25 Hz features; `none` makes a lip reader."""
    audio_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    visual_frontend: Literal["resnet", "none"] = "resnet"
    """What turns mouth crops into 25 Hz features; `none` makes an audio-only recogniser."""
    visual_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    feature_size: int = 256
    """Size of both feature streams and of their fusion."""
    fusion: Literal["concat", "norm_concat", "sum"] = "concat"
    """How the streams are joined: LayerNorm on both together or on each, then Linear; or a sum."""
    dropout_rate: float = 0.1
    """Dropout on the fused features."""
    output_dropout_rate: float = 0.0
    """Dropout on the output of the encoder."""
    modality_dropout: ModalityDropoutConfig = field(default_factory=ModalityDropoutConfig)
    """Leaving out one modality in training."""
    encoder: Literal[
        "conformer",
        "e_branchformer",
        "branchformer",
        "multiconv_conformer",
        "transformer",
        "rnn",
    ] = "conformer"
    """ESPnet's name of the encoder."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments, as in ESPnet."""
    decoder: Literal["transformer", "none"] = "none"
    """Attention decoder."""
    decoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments, as in ESPnet."""
    ctc_weight: float = 1.0
    """Weight of CTC against attention in the loss: 1 = CTC only, 0 = attention only."""
    lsm_weight: float = 0.1
    """Label smoothing of the attention loss."""
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
        self._check_ranges()
        if self.audio_frontend == "none" and self.visual_frontend == "none":
            msg = "audio_frontend and visual_frontend are both none; choose one"
            raise ConfigError(msg)
        if self.decoder == "none" and self.ctc_weight != 1.0:
            msg = (
                f"decoder is none, so all the loss is CTC, but ctc_weight is {self.ctc_weight}; "
                "set ctc_weight: 1.0 or decoder: transformer"
            )
            raise ConfigError(msg)
        if self.decoder != "none" and self.ctc_weight == 1.0:
            msg = (
                f"ctc_weight is 1.0, so decoder {self.decoder} would never be trained; "
                "set decoder: none or a smaller ctc_weight, e.g. 0.3"
            )
            raise ConfigError(msg)
        if self.interctc_layers and self.ctc_weight == 0.0:
            msg = "interctc_layers need CTC, but ctc_weight is 0; raise it, e.g. 0.3"
            raise ConfigError(msg)

    def _check_ranges(self) -> None:
        for name in (
            "ctc_weight",
            "lsm_weight",
            "interctc_weight",
            "dropout_rate",
            "output_dropout_rate",
            "units_smoothing",
        ):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                msg = f"{name} is {value}; it must be in 0..1"
                raise ConfigError(msg)
        for name in ("units_weight", "frontend_units_weight"):
            if getattr(self, name) < 0.0:
                msg = f"{name} is {getattr(self, name)}; it must be 0 or more"
                raise ConfigError(msg)
        if self.feature_size < 1:
            msg = f"feature_size is {self.feature_size}; it must be 1 or more"
            raise ConfigError(msg)
