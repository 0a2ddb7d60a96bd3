"""Which language a file is written in: asked for, learned, told or not."""

from types import SimpleNamespace

import pytest

from espnet_av.errors import ConfigError
from espnet_av.speech2text.language import checked_language

TOKENS = SimpleNamespace(lang_tags={"de": 3, "en": 4})
TOLD, FREE = (SimpleNamespace(config=SimpleNamespace(tag_is_given=flag)) for flag in (True, False))


@pytest.mark.parametrize(
    ("model", "asked", "learned", "lang"),
    [
        (TOLD, "de", "en", "de"), (TOLD, None, "en", "en"), (TOLD, "de", None, "de"),
        (FREE, None, "fr", "fr"), (FREE, None, None, None), (FREE, "fr", "fr", "fr"),
    ],
)  # fmt: skip
def test_what_is_asked_for_comes_first(model, asked, learned, lang):
    assert checked_language(model, TOKENS, asked, learned) == lang


@pytest.mark.parametrize(
    ("model", "asked", "learned", "reason"),
    [
        (TOLD, None, None, r"no target_lang: .* \(--target_lang\): de, en"),
        (TOLD, "cy", "en", "target_lang 'cy': this model is told"),
        (FREE, "de", "en", "cannot be told a language; it writes 'en'"),
        (FREE, "de", None, "it writes what is said"),
    ],
)
def test_what_cannot_be_written(model, asked, learned, reason):
    with pytest.raises(ConfigError, match=reason):
        checked_language(model, TOKENS, asked, learned)
