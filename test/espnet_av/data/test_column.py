"""Tables in little memory are the tables that dictionaries hold."""

from __future__ import annotations

import pickle
import random
import tracemalloc
from pathlib import Path

import pytest

from espnet_av.data.column import Column, Ids, TextBuffer, have_same_ids, read_column
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.table import parse_table


def column(rows: dict[str, str]) -> Column:
    return Column(Ids(list(rows)), TextBuffer(list(rows.values())))


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_those_of_a_dictionary(seed: int) -> None:
    generator = random.Random(seed)
    names = sorted({f"{generator.choice('aBz')}{generator.randrange(99)}" for _ in range(60)})
    rows = {name: generator.choice(["x", "größer", "привет мир", "مرحبا"]) for name in names}
    made = column(rows)
    assert made == rows and rows == made and len(made) == len(rows)
    assert list(made) == names and list(made.items()) == list(rows.items())
    assert list(made.values()) == list(rows.values())
    asked = [*names, "A", "zzz", "a", ""]
    generator.shuffle(asked)
    assert {name: made.get(name) for name in asked} == {name: rows.get(name) for name in asked}
    assert [name in made for name in asked] == [name in rows for name in asked]
    assert pickle.loads(pickle.dumps(made)) == rows
    assert made != {**rows, "new": "x"} and {**made} == rows


def test_texts_are_those_of_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("espnet_av.data.column._RUN", 3)
    texts = ["x", "größer", "", "y", "z", "привет", "a b", "c"]
    for some in (texts, [text for text in texts if text.isascii()], ["x"] * 6, []):
        made = TextBuffer(some)
        assert list(made) == some and made == some and some == made
        assert [made[i] for i in range(-len(some), len(some))] == [*some, *some]
        for cut in (slice(2, 5), slice(-2, None), slice(None, None, -2), slice(9, 3)):
            assert made[cut] == some[cut]
        assert [text in made for text in (*texts, "new")] == [t in some for t in (*texts, "new")]
        assert made != [*some, "more"] and made != "x"
        for outside in (len(some), -len(some) - 1):
            with pytest.raises(IndexError):
                made[outside]
    assert made != 3


def test_names_are_held_once(tmp_path: Path) -> None:
    """Those of a data dir in order are no list of their own; others are, in order all the same."""
    for name in ("wav.scp", "utt2spk"):
        (tmp_path / name).write_text("s-1 s\ns-2 s\n", encoding="utf-8")
    data = read_data_dir(tmp_path)
    assert isinstance(data.utt_ids, Ids) and data.utt_ids == ["s-1", "s-2"]
    assert ("s-1" in data.utt_ids, "s-3" in data.utt_ids, 3 in data.utt_ids) == (True, False, False)
    assert data.subset(["s-2"]).utt_ids == ["s-2"]


@pytest.mark.parametrize(
    "content",
    ["a x\nb y z\n", "a x\nb y", "a größer\nb ça\n", "A x\nZ y\na z\n", "a-1.b_c x\n"],
)
def test_right_files_are_read_as_before(tmp_path: Path, content: str) -> None:
    (tmp_path / "text").write_text(content, encoding="utf-8")
    made = read_column(tmp_path / "text", None)
    assert made is not None
    assert (made, []) == parse_table(tmp_path / "text")


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"a\n", b"a \n", b"a x\n\nb y\n", b"b x\na y\n", b"a x\na y\n", b"a x\r\n",
        b"a\tx\n", b"a  x\n", b"a x \n", b"a x\x0c\n", b"a x\xa0y\n", b"..a x\n", b"-a x\n",
        b"a..b x\n", b"a/b x\n", b" a x\n", "e\u0301 x\n".encode(), "a e\u0301\n".encode(),
        b"a" * 201 + b" x\n", "a x\u3000\n".encode(),
    ],
)  # fmt: skip
def test_others_are_looked_at_closely(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "text").write_bytes(content)
    assert read_column(tmp_path / "text", None) is None


def test_names_of_files_are_not_changed(tmp_path: Path) -> None:
    (tmp_path / "wav.scp").write_text("a caf\u0065\u0301.wav\n", encoding="utf-8")
    made = read_column(tmp_path / "wav.scp", None)
    assert made is not None and made["a"] == "caf\u0065\u0301.wav"


def test_ids_are_held_once_and_little_is_held(tmp_path: Path) -> None:
    count = 2000
    names = [f"spk{number // 100:03d}-{number:06d}" for number in range(count)]
    tables = {
        "utt2spk": {name: name[:6] for name in names},
        "wav.scp": {name: f"audio.000001.ark:{n * 30000}" for n, name in enumerate(names)},
        "text": {name: f"some words of utterance number {n}" for n, name in enumerate(names)},
        "text.de": dict.fromkeys(names[::2], "ein paar Worte"),
    }
    write_data_dir(tmp_path, tables)
    data = read_data_dir(tmp_path)
    assert data.tables == tables
    assert have_same_ids(data.tables["wav.scp"], data.tables["utt2spk"])
    assert have_same_ids(data.tables["text"], data.tables["utt2spk"])
    assert not have_same_ids(data.tables["text.de"], data.tables["utt2spk"])
    del data
    tracemalloc.start()
    data = read_data_dir(tmp_path)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held / count < 200 and len(data.utt_ids) == count
