"""What steps depend on: tables, weights, noises, language models."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.data.fields import FIELDS, Field, known_tables
from espnet_av.data.tables import Table
from espnet_av.recipe.inputs import (
    lm_files,
    marks_of_sets,
    media_tables,
    noise_mark,
    tables,
    weights_of,
)
from espnet_av.recipe.options import Options


def test_pointers_of_a_dump_change_with_its_mark() -> None:
    marks = marks_of_sets(Options(), "a", "b")
    assert marks[0] == "dump/a/.done" and "dump/b/.done" in marks
    assert "if:dump/a/text.??" in marks and not [mark for mark in marks if mark.endswith("scp")]
    assert "if:data/a/video.scp" in media_tables("data/a")
    assert "if:data/a/text" not in media_tables("data/a")


def test_tables_are_those_of_the_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order that marks of finished work have had; a new kind of data comes last."""
    names = [name.removeprefix("if:d/") for name in tables("d")]
    assert names[:13] == [
        "wav.scp", "video.scp", "landmarks.scp", "segments", "ctm", "text", "text.??", "text.???",
        "text.??-*", "utt2spk", "utt2lang", "utt2category", "utt2face",
    ]  # fmt: skip
    known = {table.name for table in known_tables() if table.is_edited}
    assert known - set(names) == set() and "utt2num_frames" not in names
    seen = ["video.scp", "landmarks.scp", "segments", "utt2spk", "utt2face"]
    assert media_tables("d") == tuple(f"if:d/{name}" for name in seen)
    mood = Field(name="mood", tables=(Table(name="utt2mood"), Table(name="utt2n", is_edited=False)))
    monkeypatch.setitem(FIELDS, "mood", mood)
    assert tables("d") == (*(f"if:d/{name}" for name in names), "if:d/utt2mood")
    assert "if:dump/s/utt2mood" in marks_of_sets(Options(), "s")


def test_weights_are_trained_or_converted(tmp_path: Path) -> None:
    assert weights_of("") == ""
    assert weights_of(str(tmp_path)) == f"{tmp_path}/.done.[tf]*"
    (tmp_path / "conversion.txt").touch()
    assert weights_of(str(tmp_path)) == f"{tmp_path}/provenance.yaml"


@pytest.mark.parametrize(
    ("text", "args", "heard"),
    [
        ("noise_prob: 0.5", "", True),
        ("dataset: {noise_prob: .25, a: 1}", "", True),
        ("dataset: {noise_prob: 0.0, a: 1}", "", False),
        ("noise_prob: 0  # never", "", False),
        ("a: 1", "--override dataset.noise_prob=0.3", True),
        ("a: 1", "--override dataset.noise_prob=0", False),
        ("a: 1", "", False),
    ],
)
def test_noises_matter_where_they_are_heard(
    tmp_path: Path, text: str, args: str, heard: bool
) -> None:
    config = tmp_path / "train.yaml"
    config.write_text(text + "\n", encoding="utf-8")
    mark = "dump/noise/.done" if heard else ""
    assert noise_mark(Options(noise_config="n.yaml"), str(config), args) == mark
    assert noise_mark(Options(noise_config="none"), str(config), args) == ""


def test_language_models_are_found(tmp_path: Path) -> None:
    config = tmp_path / "decode.yaml"
    config.write_text('beam: 3\nlm_file: "data/lm.arpa"  # 4-gram\n', encoding="utf-8")
    assert lm_files(str(config), "--override lm_file=b.arpa") == ("data/lm.arpa", "b.arpa")
    assert lm_files("none.yaml", "") == ()
