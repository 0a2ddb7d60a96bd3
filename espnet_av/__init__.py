"""ESPnet-style recipes and models for audio-visual speech."""

__version__ = "0.1.0"
