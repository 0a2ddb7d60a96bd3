"""Text normalisation before scoring."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from espnet_av.errors import ConfigError

NormaliserName = Literal["none", "basic", "english"]


def get_normaliser(name: NormaliserName) -> Callable[[str], str]:
    """Function that rewrites a text for scoring.

    Args:
        name: `none` only collapses white space; `basic` (any language) and `english` are those
            of Whisper (Radford et al. 2022, appendix C).

    Raises:
        ConfigError: the optional package behind `basic` and `english` is not installed.
    """
    if name == "none":
        return _collapse
    try:
        from whisper_normalizer.basic import BasicTextNormalizer
        from whisper_normalizer.english import EnglishTextNormalizer
    except ImportError as error:
        msg = (
            f"--normaliser {name}: needs the package whisper-normalizer, which is not installed; "
            "pip install whisper-normalizer, or score with --normaliser none"
        )
        raise ConfigError(msg) from error
    rewrite = BasicTextNormalizer() if name == "basic" else EnglishTextNormalizer()
    return lambda text: _collapse(rewrite(text))


def _collapse(text: str) -> str:
    return " ".join(text.split())
