"""What a mode means for a model and for a file."""

from types import SimpleNamespace

import pytest

from espnet_av.errors import ConfigError
from espnet_av.speech2text.modes import mode_of_tracks, usable_mode


def model(audio="log_mel", visual="resnet"):
    return SimpleNamespace(config=SimpleNamespace(audio_frontend=audio, visual_frontend=visual))


def test_auto_is_the_half_that_a_model_has(caplog):
    assert usable_mode("auto", model()) == "auto"
    assert usable_mode("auto", model(visual="none")) == "a"
    assert usable_mode("auto", model(audio="none")) == "v"
    assert caplog.text == ""
    assert usable_mode("av", model(visual="none")) == "a" and "mode 'a'" in caplog.text
    with pytest.raises(ConfigError, match="trained without visual_frontend"):
        usable_mode("v", model(visual="none"))


@pytest.mark.parametrize(
    ("has_sound", "has_picture", "mode"),
    [(True, True, "av"), (True, False, "a"), (False, True, "v"), (False, False, "a")],
)
def test_auto_is_what_a_file_has(has_sound, has_picture, mode):
    assert mode_of_tracks("auto", has_sound, has_picture) == mode
    assert mode_of_tracks("v", has_sound, has_picture) == "v"
