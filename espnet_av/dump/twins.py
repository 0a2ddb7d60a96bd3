"""Utterances that are one recording to be written in several languages: stored once."""

from __future__ import annotations

from espnet_av.data.data_dir import DataDir


class Twins:
    """Finds, among the utterances of a shard, those before that are the same recording.

    Twins are called `<id>-<target>`, each after its `utt2target`, and are the same stretch of the
    same file; others are packed one by one.

    Args:
        data: the data dir.
    """

    def __init__(self, data: DataDir) -> None:
        self._data = data
        self._first: dict[tuple[object, ...], str] = {}

    def entry_id(self, utt_id: str) -> str:
        """Name of an utterance's archive entry: the part of the id that all twins have."""
        target = self._data.get("utt2target", utt_id)
        return utt_id.removesuffix(f"-{target}") if target else utt_id

    def before(self, utt_id: str) -> str | None:
        """The first twin that was asked for; None if it is this one, or there is no other."""
        name = self.entry_id(utt_id)
        if name in ("", utt_id):
            return None
        recording, *times = self._data.recording(utt_id)
        key = recording if "segments" in self._data.tables else ""
        tables = ("wav.scp", "video.scp")
        files = tuple(
            self._data.get(table, self._data.key(table, utt_id) or "") for table in tables
        )
        first = self._first.setdefault((name, key, *times, *files), utt_id)
        return None if first == utt_id else first
