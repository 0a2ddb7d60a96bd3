"""Configuration of masked and contrastive pre-training on sound and film."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from espnet_av.errors import ConfigError
from espnet_av.modules.dropped_frames import check_absolute
from espnet_av.modules.film_grid import FilmConfig
from espnet_av.modules.vit import VitConfig


def _small_vit() -> VitConfig:
    return VitConfig(size=512, num_layers=4, attention_heads=8, linear_units=2048)


@dataclass(frozen=True, kw_only=True)
class AVMaeConfig:
    """MAE, CLR and both (arXiv 2403.19822); front end and encoder have a recogniser's keys."""

    losses: Literal["mae", "clr", "mae+clr"] = "mae+clr"
    """`mae`: fill in what is hidden of sound and film; `clr`: tell which film a sound is from;
    both: two passes, one with and one without masks."""
    clr_weight: float = 1.0
    """Of the contrastive loss beside the other: 1 in the paper, 0.01 in CAV-MAE."""
    mask_ratio: float = 0.6
    """Share of the frames of the sound, and of the boxes of the film, that is hidden; their exact
    number, wherever they are."""
    masked_speech: Literal["zero", "drop"] = "zero"
    """Hidden frames are 0 and still encoded, so that convolutions see true neighbours; or they are
    left out, as boxes of films always are."""
    normalise_targets: bool = True
    """Each frame and box is predicted with mean 0 and variance 1."""
    audio_frontend: Literal["log_mel"] = "log_mel"
    """What turns sound into features."""
    audio_frontend_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class, the same in fine-tuning, but for the stripes of `spec_augment`,
    which must be left out here."""
    feature_size: int = 256
    """Size of the features that the encoder gets."""
    dropout_rate: float = 0.1
    """Dropout on them."""
    encoder: Literal["conformer", "e_branchformer"] = "conformer"
    """Encoder of the sound."""
    encoder_conf: dict[str, Any] = field(default_factory=dict)
    """Its arguments."""
    film: FilmConfig = field(default_factory=FilmConfig)
    """Size of films, and of the boxes they are cut into."""
    film_encoder: VitConfig = field(default_factory=VitConfig)
    """Encoder of the film; ViT-B."""
    decoder: VitConfig = field(default_factory=_small_vit)
    """What fills in, of one kind of input after the other; its `positions` are those of films."""
    temperature: float = 0.07
    """That similarities are divided by, at the start."""
    learn_temperature: bool = True
    """It is learnt, but does not go below 0.01."""

    def __post_init__(self) -> None:
        if "spec_augment" in self.audio_frontend_conf:
            msg = (
                "audio_frontend_conf has spec_augment, but this pre-training hides frames itself; "
                "leave it out here and set it for fine-tuning"
            )
            raise ConfigError(msg)
        if not 0.0 < self.mask_ratio < 1.0:
            msg = f"mask_ratio is {self.mask_ratio}; it is a share above 0 and below 1, e.g. 0.6"
            raise ConfigError(msg)
        if self.clr_weight <= 0.0 or self.temperature <= 0.0:
            msg = (
                f"clr_weight is {self.clr_weight}, temperature {self.temperature}; both are above "
                "0 (1.0 and 0.07); without the contrastive loss: losses: mae"
            )
            raise ConfigError(msg)
        if self.feature_size < 1 or not 0.0 <= self.dropout_rate <= 1.0:
            msg = (
                f"feature_size is {self.feature_size}, dropout_rate {self.dropout_rate}; they must "
                "be above 0 and in 0..1"
            )
            raise ConfigError(msg)
        if self.masked_speech == "drop" and self.has_mae:
            check_absolute(self.encoder_conf)

    @property
    def has_mae(self) -> bool:
        """Whether hidden parts are filled in."""
        return "mae" in self.losses

    @property
    def has_clr(self) -> bool:
        """Whether pairs are told from others."""
        return "clr" in self.losses
