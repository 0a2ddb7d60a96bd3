"""The small corpus and its dump."""

from oracles.small_corpus import corpus, dump_dir, noise

__all__ = ["corpus", "dump_dir", "noise"]
