"""Decoding: encoder frames in, n-best token sequences out, always for a whole batch at once."""

from espnet_av.search.decode_batch import decode_batch
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.search.hypothesis import Hypothesis

__all__ = ["DecodeConfig", "Hypothesis", "decode_batch"]
