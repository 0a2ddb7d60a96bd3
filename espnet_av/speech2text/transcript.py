"""What was recognised in one file, and its forms on paper."""

from __future__ import annotations

import html
import json
import math
from dataclasses import dataclass

from espnet_av.search.alignment import WordTime
from espnet_av.speech2text.cues import Cue, cues_of_text, cues_of_words
from espnet_av.speech2text.spacing import one_text


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One stretch that was recognised as a whole."""

    start: float
    """Seconds from the beginning of the file."""
    end: float
    texts: list[str]
    """Best first; empty when the search found nothing."""
    scores: list[float]
    """One per text: natural logarithm of what the search maximised."""
    words: list[WordTime] | None
    """Times of the best text's words in the file; None when the model cannot tell."""


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The passages of a file, in order; a file within the length limit has one."""

    passages: list[Passage]

    @property
    def text(self) -> str:
        """Best text of the whole file."""
        return one_text(passage.texts[0] for passage in self.passages if passage.texts)

    @property
    def score(self) -> float:
        """Sum over passages of the best score; minus infinity when one has none."""
        return math.fsum(p.scores[0] if p.scores else -math.inf for p in self.passages)

    @property
    def words(self) -> list[WordTime] | None:
        """Word times of the whole file; None when they are missing somewhere."""
        words: list[WordTime] = []
        for passage in self.passages:
            if passage.words is None:
                return None
            words += passage.words
        return words

    @property
    def nbest(self) -> list[str]:
        """Alternatives, best first; of a file of several passages only the best is known."""
        return list(self.passages[0].texts) if len(self.passages) == 1 else [self.text]

    def to_json(self, path: str) -> str:
        """One JSON object for the file `path`: text, score, passages with words and n-best."""
        passages = [
            {
                "start": passage.start,
                "end": passage.end,
                "nbest": [
                    {"text": text, "score": score}
                    for text, score in zip(passage.texts, passage.scores, strict=True)
                ],
                "words": passage.words and [word._asdict() for word in passage.words],
            }
            for passage in self.passages
        ]
        score = self.score if math.isfinite(self.score) else None
        content = {"path": path, "text": self.text, "score": score, "passages": passages}
        return json.dumps(content, ensure_ascii=False)

    def to_srt(self) -> str:
        """Numbered subtitles, a new one at pauses and at comfortable lengths."""
        return "\n".join(
            f"{number}\n{_clock(start, ',')} --> {_clock(end, ',')}\n{text}\n"
            for number, (start, end, text) in enumerate(self.cues, 1)
        )

    def to_vtt(self) -> str:
        """The same subtitles as WebVTT, the form of browsers."""
        cues = (
            f"\n{_clock(start, '.')} --> {_clock(end, '.')}\n{html.escape(text, quote=False)}\n"
            for start, end, text in self.cues
        )
        return "WEBVTT\n" + "".join(cues)

    @property
    def cues(self) -> list[Cue]:
        """The subtitles, in order."""
        cues: list[Cue] = []
        for passage in self.passages:
            if passage.words:
                cues += cues_of_words(passage.words)
            elif passage.texts and passage.texts[0]:
                cues += cues_of_text(passage.start, passage.end, passage.texts[0])
        return cues


def _clock(seconds: float, point: str) -> str:
    minutes, millis = divmod(round(seconds * 1000), 60_000)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{millis // 1000:02d}"
    return f"{clock}{point}{millis % 1000:03d}"
