"""The language that a model is to write a file in."""

from __future__ import annotations

from typing import Any

from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError
from espnet_av.search.decode_batch import is_told_its_language


def checked_language(
    model: Any, tokenizer: Tokenizer, asked: str | None, learned: str | None
) -> str | None:
    """The language, if the model can be told it.

    Args:
        model: that writes.
        tokenizer: with the tags of the languages that it knows.
        asked: what the user wants; None: nothing is said.
        learned: the one language that the model learned to write, if there is one.

    Raises:
        ConfigError: the model has to be told a language, and is not, or has no such one; or it
            cannot be told any.
    """
    if not is_told_its_language(model):
        if asked not in (None, learned):
            writes = f"'{learned}'" if learned else "what is said, in its own language"
            msg = f"target_lang '{asked}': this model cannot be told a language; it writes {writes}"
            raise ConfigError(msg)
        return learned
    lang = asked or learned
    if lang not in tokenizer.lang_tags:
        said = f"target_lang '{lang}'" if lang else "no target_lang"
        msg = (
            f"{said}: this model is told the language to write in; give one of those that it "
            f"knows (--target_lang): {', '.join(tokenizer.lang_tags)}"
        )
        raise ConfigError(msg)
    return lang
