"""Kinds of data and the tables they come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.fields import (
    FIELDS,
    Clock,
    check_field,
    find_table,
    known_tables,
    present_tables,
    tables_of,
    unknown_tables,
)
from espnet_av.data.readers import ALWAYS, READERS
from espnet_av.data.tables import FRAMES, SAMPLES
from espnet_av.errors import ConfigError


def test_every_field_stands_under_its_name_and_every_reader_reads_one() -> None:
    assert all(name == field.name for name, field in FIELDS.items())
    assert all(name == reader.field and name in FIELDS for name, reader in READERS.items())
    assert set(ALWAYS) <= set(READERS)


def test_no_two_tables_have_one_name() -> None:
    names = [table.name for table in known_tables()]
    assert len(set(names)) == len(names)


def test_tables_of_fields_are_archives_first() -> None:
    """Unit labels are known by the rows of these, in this order."""
    names = [table.name for table in tables_of("speech", "video")]
    assert names == ["wav.scp", "video.scp", "utt2num_samples", "utt2num_frames"]
    assert [table.name for table in tables_of("image")] == ["image.scp", "utt2image"]
    assert [table for table in known_tables() if not table.is_edited] == [FRAMES, SAMPLES]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("text", "text"),
        ("text.de", "text"),
        ("text.pt-BR", "text"),
        ("wav.scp", "wav.scp"),
        ("text.bak", None),
        ("utt2lang.de", None),
        ("wavXscp", None),
        ("utt2speaker", None),
    ],
)
def test_files_and_their_tables(name: str, table: str | None) -> None:
    found = find_table(name)
    assert (found and found.name) == table


def test_translations_follow_the_transcripts(tmp_path: Path) -> None:
    for name in ("text.fr", "text", "text.de", "text.old", "utt2spk", "ctm", "notes.md"):
        (tmp_path / name).touch()
    (tmp_path / "utt2lang").mkdir()
    assert list(present_tables(tmp_path)) == ["text", "text.de", "text.fr", "utt2spk", "ctm"]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("utt2lnag", "did you mean 'utt2lang'"),
        ("wavs.scp", "did you mean 'wav.scp'"),
        ("utt2targets", "did you mean 'utt2target'"),
        ("utt2spk2", "did you mean 'utt2spk'"),
        ("zzz.scp", "not a table of a data dir"),
        ("text.german", "did you mean 'text'"),
    ],
)
def test_unknown_tables_are_told_with_the_nearest(tmp_path: Path, name: str, told: str) -> None:
    for file in (name, "wav.scp", "spk2utt", "feats.scp", "README.md", "dropped.tsv", "x.scp.bak"):
        (tmp_path / file).touch()
    (problem,) = unknown_tables(tmp_path)
    assert problem.startswith(f"{tmp_path}/{name}: ")
    assert told in problem


def test_a_misspelt_field_is_refused() -> None:
    with pytest.raises(ConfigError, match="'vidoe' is no kind of data; did you mean 'video'"):
        check_field("vidoe")


def test_entries_for_each_frame_of_25_hz() -> None:
    counts = {clock: clock.per_frame(50) for clock in Clock}
    expected = {Clock.SAMPLES: 640, Clock.VIDEO: 1, Clock.MODEL: 2, Clock.NONE: 0}
    assert counts == expected
