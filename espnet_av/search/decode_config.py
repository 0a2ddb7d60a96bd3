"""Settings of a search."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Method = Literal[
    "ctc_greedy", "ctc_prefix", "joint", "attention", "transducer_greedy", "transducer_beam"
]


@dataclass(frozen=True, kw_only=True)
class DecodeConfig:
    """How to turn encoder frames into tokens; the names and signs are ESPnet's."""

    method: Method = "joint"
    """Best CTC path, CTC prefix beam, attention decoder and CTC together, attention alone as those
    who translate search, or a transducer's path of best symbols or beam."""
    beam_size: int = 5
    """Hypotheses kept per utterance."""
    ctc_weight: float = 0.3
    """Weight of the CTC prefix score in `joint`; the decoder gets 1 - ctc_weight."""
    length_penalty: float = 0.0
    """Bonus per emitted token (a positive value favours longer texts); in `attention`, as in
    Hugging Face and fairseq, scores are divided by tokens ** length_penalty, usually 1.0."""
    length_norm: bool = True
    """`transducer_beam` ranks the texts it ends with by score / (tokens + 1)."""
    max_symbols: int = 3
    """Most tokens that `transducer_greedy` takes from one frame; `transducer_beam` takes one."""
    lm_file: Path | None = None
    """ARPA n-gram of the model's tokens (`espnet-av ngram`) for `transducer_beam`; null: none."""
    lm_weight: float = 0.3
    """Weight of the log-probabilities of `lm_file`."""
    maxlenratio: float = 0.0
    """Longest output as a share of the frames; 0 stops by end detection, -n means n tokens."""
    minlenratio: float = 0.0
    """Shortest output as a share of the frames; -n means n tokens."""
    lexicon: Literal["none", "words"] = "none"
    """`words`: `ctc_prefix` spells only words of the training text (words.txt of the tokens)."""
    nbest: int = 1
    """Hypotheses returned per utterance, best first."""
    batch_frames: int = 1000
    """Most padded frames, counted at 25 a second, searched at once; results do not depend on it."""

    def __post_init__(self) -> None:
        """Check the ranges that types cannot express."""
        if self.beam_size < 1:
            msg = f"beam_size={self.beam_size}: at least 1 hypothesis is needed"
            raise ValueError(msg)
        if not 0.0 <= self.ctc_weight <= 1.0:
            msg = f"ctc_weight={self.ctc_weight}: use a value from 0 (decoder) to 1 (CTC)"
            raise ValueError(msg)
        if -1.0 < self.maxlenratio < 0.0:
            msg = f"maxlenratio={self.maxlenratio}: a negative value is a whole number of tokens"
            raise ValueError(msg)
        if self.lexicon != "none" and self.method != "ctc_prefix":
            msg = (
                f"lexicon={self.lexicon}: only method ctc_prefix uses it, and method is "
                f"{self.method}; take that one, or set lexicon: none"
            )
            raise ValueError(msg)
        if self.lm_file is not None and self.method != "transducer_beam":
            msg = (
                f"lm_file={self.lm_file}: only method transducer_beam uses it, and method is "
                f"{self.method}; take that one, or set lm_file: null"
            )
            raise ValueError(msg)
        if self.lm_weight <= 0.0:
            msg = f"lm_weight={self.lm_weight}: must be above 0; to go without set lm_file: null"
            raise ValueError(msg)
        if self.max_symbols < 1:
            msg = f"max_symbols={self.max_symbols}: at least 1 token a frame is needed"
            raise ValueError(msg)
        if self.nbest < 1:
            msg = f"nbest={self.nbest}: at least 1 result is needed"
            raise ValueError(msg)
        if self.batch_frames < 1:
            msg = f"batch_frames={self.batch_frames}: at least 1 frame is needed"
            raise ValueError(msg)
