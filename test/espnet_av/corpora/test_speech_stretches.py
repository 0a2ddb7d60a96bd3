"""Where somebody speaks is looked for once."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.books import SPEECH, book
from corpora_fixtures.clips import put

from espnet_av.corpora import speech_stretches
from espnet_av.corpora.speech_stretches import Recording, find_stretches


def test_speech_is_looked_for_once_and_in_parts(tmp_path: Path, monkeypatch) -> None:
    path = put(tmp_path / "book.wav", book(SPEECH, 11.0))
    whole = find_stretches(Recording(path, 11.0, tmp_path / "a.json")).spans
    monkeypatch.setattr(speech_stretches, "_AT_A_TIME_SEC", 7.0)
    parts = find_stretches(Recording(path, 11.0, tmp_path / "b.json")).spans
    assert len(whole) == 3 and len(parts) == 4 and parts[1][1] == parts[2][0] == 7.0
    monkeypatch.setattr(speech_stretches, "_find", lambda _: pytest.fail("looked for again"))
    assert find_stretches(Recording(path, 11.0, tmp_path / "a.json")).spans == whole
