"""TextGrids of an aligner become the phones of a data dir."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.books import textgrid
from corpora_fixtures.clips import put

from espnet_av.corpora.textgrids import prepare_textgrids
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

PHONES = [(0.0, 0.1, ""), (0.1, 0.25, "B"), (0.25, 0.4, 'IH1 "x"'.replace('"', '""')),
          (0.4, 0.5, "spn")]  # fmt: skip
TIERS = {"words": [(0.0, 0.5, "bin 1")], "phones": PHONES}


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    users = {"u1": "s", "u2": "s"}
    wavs = {utt_id: f"{utt_id}.wav" for utt_id in users}
    write_data_dir(tmp_path / "data", {"utt2spk": users, "wav.scp": wavs})
    return tmp_path / "data"


def test_phones_of_utterances(data_dir: Path, tmp_path: Path) -> None:
    for utt_id in ("u1", "u2"):
        put(tmp_path / f"aligned/s/{utt_id}.TextGrid", textgrid(TIERS))
    assert prepare_textgrids(tmp_path / "aligned", data_dir) == {"data": 2}
    phones = read_data_dir(data_dir).ctm["u1"]
    assert [(s.start, s.label) for s in phones] == [
        (0.0, "sil"), (0.1, "B"), (0.25, 'IH1_"x"'), (0.4, "spn")
    ]  # fmt: skip
    assert phones[1].duration == pytest.approx(0.15)


def test_utterances_without_an_alignment_are_named(data_dir: Path, tmp_path: Path) -> None:
    put(tmp_path / "aligned/u1.TextGrid", textgrid({"ann - phones": PHONES}))
    with pytest.raises(DroppedTooManyError, match=r"no_alignment 1.*u2: no u2.TextGrid"):
        prepare_textgrids(tmp_path / "aligned", data_dir)
    assert prepare_textgrids(tmp_path / "aligned", data_dir, max_missing_ratio=0.5) == {"data": 1}
    data = read_data_dir(data_dir)
    assert list(data.ctm) == ["u1"] and data.utt_ids == ["u1", "u2"]


def test_the_utterances_of_a_recording(tmp_path: Path) -> None:
    """Each has what lies in it as a whole, of all who speak."""
    tiers = {
        "ann - phones": [(0.0, 1.0, ""), (1.0, 1.25, "a"), (1.25, 2.0, "")],
        "bob - phones": [(0.0, 0.5, "b"), (0.5, 1.75, ""), (1.75, 2.0, "c")],
    }
    put(tmp_path / "aligned/rec.TextGrid", textgrid(tiers))
    tables = {
        "utt2spk": {"u1": "s", "u2": "s"},
        "wav.scp": {"rec": "rec.wav"},
        "segments": {"u1": "rec 0 1.1", "u2": "rec 0.75 2"},
    }
    write_data_dir(tmp_path / "data", tables)
    prepare_textgrids(tmp_path / "aligned", tmp_path / "data")
    ctm = read_data_dir(tmp_path / "data").ctm
    assert [tuple(s) for s in ctm["u1"]] == [(0.0, 0.5, "b")]
    assert [tuple(s) for s in ctm["u2"]] == [(0.25, 0.25, "a"), (1.0, 0.25, "c")]


def test_bad_calls_are_named(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(DataDirError, match=r"no .TextGrid in it or below"):
        prepare_textgrids(tmp_path / "none", data_dir)
    put(tmp_path / "aligned/x.TextGrid", textgrid(TIERS))
    with pytest.raises(DataDirError, match="utterances are called u1, and TextGrids x"):
        prepare_textgrids(tmp_path / "aligned", data_dir)
    put(tmp_path / "aligned/u1.TextGrid", textgrid({"words": TIERS["words"]}))
    put(tmp_path / "aligned/u2.TextGrid", textgrid(TIERS))
    with pytest.raises(DroppedTooManyError, match="no tier 'phones', but words; name it with --ti"):
        prepare_textgrids(tmp_path / "aligned", data_dir)
    options = {"tier": "words", "max_missing_ratio": 0.0}
    assert prepare_textgrids(tmp_path / "aligned", data_dir, **options) == {"data": 2}
