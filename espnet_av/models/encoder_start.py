"""The first steps of fine-tuning, in which only what is new learns."""

from __future__ import annotations

from espnet_av.errors import ConfigError


def encoder_is_frozen(is_training: bool, update: int | None, num_steps: int) -> bool:
    """Whether front ends and encoder do not learn in this step.

    Args:
        is_training: of the model.
        update: optimiser step (from 0) that comes next; None = the training loop does not say.
        num_steps: `freeze_encoder_steps` of the configuration; 0 = they always learn.

    Raises:
        ConfigError: nobody says at which step the training is.
    """
    if not is_training or not num_steps:
        return False
    if update is None:
        msg = (
            "freeze_encoder_steps is set, but this training loop does not say at which step it "
            "is (set_update); train with espnet_av.bin.train, or set it to 0"
        )
        raise ConfigError(msg)
    return update < num_steps
