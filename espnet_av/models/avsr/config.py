"""Configuration of the audio-visual recogniser with CTC and attention."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.models.recogniser import RecogniserConfig


@dataclass(frozen=True, kw_only=True)
class AVSRConfig(RecogniserConfig):
    """Audio-visual recogniser with CTC and attention."""

    decoder: Annotated[str, Choice("modules.decoder.DECODERS", also=("none",))] = "none"
    """Attention decoder: ESPnet's, or that of AV-HuBERT and MuAViC, whose size is its own."""
    decoder_conf: dict[str, Any] = field(default_factory=dict)
    """Arguments of its class."""
    ctc_weight: float = 1.0
    """Weight of CTC against attention in the loss: 1 = CTC only, 0 = attention only."""
    lsm_weight: float = 0.1
    """Label smoothing of the attention loss."""
    tag_is_given: bool = False
    """The language to write in, whose tag stands first in each text, is told to attention: it does
    not learn to predict it, and searches begin with it. Tokens with tags are needed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_shares("lsm_weight")
        if self.tag_is_given and self.decoder == "none":
            msg = "tag_is_given is for attention, and decoder is none; set decoder, or leave it out"
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
