"""Configuration of the transducer."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from espnet_av.config import Choice
from espnet_av.errors import ConfigError
from espnet_av.models.recogniser import RecogniserConfig


@dataclass(frozen=True, kw_only=True)
class TransducerConfig(RecogniserConfig):
    """Audio-visual transducer."""

    predictor: Annotated[str, Choice("modules.transducer.predictor.PREDICTORS")] = "lstm"
    """What reads the text so far: all of it, or its last tokens."""
    predictor_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    joint_size: int = 256
    """Channels in which frame and text meet."""
    transducer_loss: Annotated[str, Choice("modules.transducer.loss.TRANSDUCER_LOSSES")] = "full"
    """Over the whole lattice, over a band of it, or the same two by other packages."""
    transducer_loss_conf: dict[str, Any] = field(default_factory=dict)
    """Fields of its config class."""
    ctc_weight: float = 0.2
    """Weight of the CTC loss, which is added to the transducer's; 0 = no CTC layer."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.joint_size < 1:
            msg = f"joint_size is {self.joint_size}; it must be 1 or more"
            raise ConfigError(msg)
