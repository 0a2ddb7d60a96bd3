"""Reads the language spoken."""

from __future__ import annotations

from espnet_av.data.readers.abs_reader import AbsReader, Draw


class LangReader(AbsReader):
    """The value of `utt2lang`."""

    field = "lang"

    def read(self, utt_id: str, draw: Draw) -> str | None:
        """See `AbsReader`."""
        return self.data.get("utt2lang", utt_id)
