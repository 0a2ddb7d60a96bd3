"""What was recognised in one utterance."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from espnet_av.search.alignment import WordTime
from espnet_av.search.hypothesis import Hypothesis


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What was recognised in one utterance."""

    utt_id: str
    hypotheses: list[Hypothesis]
    """Best first; empty when the length limits left none."""
    texts: list[str]
    """One per hypothesis."""
    words: list[WordTime] | None
    """Times of the best text's words; None where neither CTC nor the search can tell them."""
    num_frames: int
    """Encoder frames, at the model's `feature_rate`."""

    def as_record(self) -> dict[str, Any]:
        """A line of `nbest.jsonl`: every hypothesis with scores, tokens and word times."""
        return {
            "utt": self.utt_id,
            "frames": self.num_frames,
            "words": None if self.words is None else [word._asdict() for word in self.words],
            "nbest": [
                {"text": text, **dataclasses.asdict(hypothesis)}
                for text, hypothesis in zip(self.texts, self.hypotheses, strict=True)
            ],
        }
