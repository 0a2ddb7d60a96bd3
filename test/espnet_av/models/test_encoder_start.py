"""Whether the encoder learns at a step."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.models.encoder_start import encoder_is_frozen


@pytest.mark.parametrize(
    ("is_training", "update", "steps", "frozen"),
    [
        (True, 0, 2, True), (True, 1, 2, True), (True, 2, 2, False), (False, 0, 2, False),
        (True, None, 0, False), (False, None, 2, False),
    ],
)  # fmt: skip
def test_only_in_the_first_steps_of_training(is_training, update, steps, frozen):
    assert encoder_is_frozen(is_training, update, steps) is frozen


def test_who_does_not_say_the_step_is_told():
    with pytest.raises(ConfigError, match=r"does not say at which step .* or set it to 0"):
        encoder_is_frozen(True, None, 2)
