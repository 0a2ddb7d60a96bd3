"""mini_av: a small multilingual audio-visual corpus that is synthesised where it is needed."""

from espnet_av.corpora.mini_av.build import build_mini_av
from espnet_av.corpora.mini_av.config import MiniAvConfig
from espnet_av.corpora.mini_av.prepare import prepare_mini_av

__all__ = ["MiniAvConfig", "build_mini_av", "prepare_mini_av"]
