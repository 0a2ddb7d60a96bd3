"""From a video or audio file to its text, with a packed model.

The names below are imported on their first use: torch and ESPnet take seconds.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from espnet_av.speech2text.speech2text import Speech2Text
    from espnet_av.speech2text.transcript import Passage, Transcript

__all__ = ["Passage", "Speech2Text", "Transcript"]

_MODULE_OF = {"Passage": "transcript", "Speech2Text": "speech2text", "Transcript": "transcript"}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(importlib.import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value
