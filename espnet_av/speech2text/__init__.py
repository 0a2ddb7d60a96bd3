"""From a video or audio file to its text, with a packed model."""

from espnet_av.speech2text.recogniser import Speech2Text
from espnet_av.speech2text.transcript import Passage, Transcript

__all__ = ["Passage", "Speech2Text", "Transcript"]
