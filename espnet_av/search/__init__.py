"""Decoding: encoder frames in, n-best token sequences out, always for a whole batch at once."""
