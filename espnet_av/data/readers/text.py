"""Reads the text that a model is to write, in one language or in each utterance's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from itertools import pairwise

import numpy as np

from espnet_av.data.dropped import Drop
from espnet_av.data.lengths import num_frames
from espnet_av.data.readers.abs_reader import AbsReader, Draw
from espnet_av.data.readers.video_augment import num_frames_at
from espnet_av.data.target import reference_texts, target_table, target_texts, text_lang
from espnet_av.data.tokenizer import Tokenizer
from espnet_av.errors import ConfigError
from espnet_av.rates import frames_at_rate


class TextReader(AbsReader):
    """(L,) int64 token ids; nothing without a tokenizer."""

    field = "text"

    def check(self) -> None:
        """See `AbsReader`."""
        if self.request.tokenizer is None:
            return
        if self.request.train or self.config.target_lang or "utt2target" in self.data.tables:
            target_texts(self.data, self.config.target_lang)
        if self.request.max_frames:
            msg = "dataset.max_frames cuts utterances, whose text would not fit; set it to 0"
            raise ConfigError(msg)

    def lacking(self, left_out: Collection[str]) -> list[Drop]:
        """See `AbsReader`."""
        tokenizer, drops = self.request.tokenizer, list[Drop]()
        if tokenizer is None:
            return drops
        if self.config.target_lang or "utt2target" in self.data.tables:
            # Transcripts are complete or absent; translations may be there for some.
            name = target_table(self.config.target_lang or "<target>")
            absent = (u for u in self.data.utt_ids if u not in self._texts and u not in left_out)
            drops = [Drop(utt_id, f"not in {name}", "") for utt_id in absent]
        if self.request.train and self.config.drop_long_text:
            drops += self._too_long(tokenizer, {*left_out, *(drop.utt_id for drop in drops)})
        return drops

    def read(self, utt_id: str, draw: Draw) -> np.ndarray | None:
        """See `AbsReader`."""
        text, tokenizer = self._texts.get(utt_id), self.request.tokenizer
        if text is None or tokenizer is None:
            return None
        return np.asarray(tokenizer.encode(text, self._lang(utt_id)), dtype=np.int64)

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        return reference_texts(self.data, self.config.target_lang)

    def _lang(self, utt_id: str) -> str | None:
        return text_lang(self.data, utt_id, self.config.target_lang)

    def _too_long(self, tokenizer: Tokenizer, left_out: Collection[str]) -> list[Drop]:
        drops, fastest = list[Drop](), max(self.config.speeds)
        for utt_id in self.data.utt_ids:
            if utt_id in left_out:
                continue
            ids = tokenizer.encode(self._texts[utt_id], self._lang(utt_id))
            # CTC needs a frame for every token and a blank between two equal ones.
            needed = len(ids) + sum(a == b for a, b in pairwise(ids))
            frames = num_frames_at(num_frames(self.data, utt_id), fastest)
            frames = min(frames, frames_at_rate(frames, self.request.frame_hz))
            if needed > frames:
                drops.append(Drop(utt_id, "text too long", f"{needed} > {frames} frames"))
        return drops
