"""Corpora: each reads one corpus as it lies on disk and writes Kaldi-style data dirs."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from espnet_av.config import unknown_key_message
from espnet_av.errors import ConfigError

CORPORA = {
    "grid": "espnet_av.corpora.grid:prepare_grid",
    "mini_av": "espnet_av.corpora.mini_av:prepare_mini_av",
}
"""Corpus name -> `module:function`; a corpus's own dependencies load only when it is prepared."""


def load_prepare(name: str) -> Callable[..., Any]:
    """Function that prepares a corpus.

    Raises:
        ConfigError: no such corpus; the nearest name is given.
    """
    if name not in CORPORA:
        raise ConfigError(unknown_key_message(name, list(CORPORA), "corpus"))
    module, function = CORPORA[name].split(":")
    prepare: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return prepare
