"""MuST-C as it lies on disk, and the faults of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpora_fixtures.clips import coverage, put, report, wav
from corpora_fixtures.translations import build_talks, talk_entry

from espnet_av.corpora.mustc import prepare_mustc
from espnet_av.data.data_dir import read_data_dir
from espnet_av.data.target import target_texts
from espnet_av.errors import DataDirError, DroppedTooManyError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return build_talks(tmp_path / "MUSTC")


def test_a_whole_copy(root: Path, tmp_path: Path) -> None:
    counts = prepare_mustc(root, tmp_path / "data", num_jobs=1)
    sizes = {"train": 6, "valid": 3, "tst-COMMON": 3, "tst-HE": 3}
    assert counts == {f"{s}_en_{t}": n for t in ("de", "it") for s, n in sizes.items()}
    train = read_data_dir(tmp_path / "data/train_en_de")
    utt_id = "mustc_ted_2-0000500-0000900-de"
    assert (train.get("text", utt_id), train.get("text.de", utt_id)) == (
        "Line 4 in en.", "Line 4 in de.")  # fmt: skip
    assert train.recording(utt_id) == ("mustc_ted_2-en_de", 0.5, 0.9)
    assert train.get("utt2spk", utt_id) == "mustc_spk.2"
    assert target_texts(train, None)[utt_id] == "Line 4 in de."
    assert report(tmp_path / "data") == []
    assert prepare_mustc(root, tmp_path / "de", pairs=["en_de"], num_jobs=1) == {
        name: count for name, count in counts.items() if name.endswith("de")
    }


def test_segments_beyond_the_end_of_their_talk(root: Path, tmp_path: Path) -> None:
    put(root / "en-de/data/dev/wav/ted_3.wav", wav(0.7))
    counts = prepare_mustc(root, tmp_path / "data", max_missing_ratio=0.1, num_jobs=1)
    assert counts["valid_en_de"] == 2 and counts["valid_en_it"] == 3
    assert report(tmp_path / "data") == [
        ("mustc_ted_3-0000500-0000900-de", "cut_by_end", "kept, shorter"),
        ("mustc_ted_3-0000900-0001200-de", "beyond_end", "dropped"),
    ]
    lines = (tmp_path / "data/prepare_report.tsv").read_text().splitlines()[1:]
    assert "ted_3.wav: ends 0.20 s before the clip does" in lines[0]
    assert "ted_3.wav: ends at 0.70 s, the clip starts at 0.9 s" in lines[1]
    assert "dev.yaml:3" in lines[1]


def test_faults_of_single_segments(
    root: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    txt = root / "en-de/data/dev/txt"
    put(txt / "dev.yaml", "\n".join((
        talk_entry("ted_3", 0.4, 0.4), "- {duration: 0.3, offset: nan, wav: ted_3.wav}",
        talk_entry("gone", 0.0, 0.4), talk_entry("ted_3", 0.0, 0.4), "- {offset: 1.0}",
        talk_entry("ted_3", 0.5, 0.9))) + "\n")  # fmt: skip
    with (txt / "dev.yaml").open("a") as stream:
        stream.write(talk_entry("ted_3", 0.9, 1.2) + "\n")
    put(txt / "dev.en", "a\nb\nc\nd\ne\n\ng\n")
    put(txt / "dev.de", "a\nb\nc\n\ne\nf\ng\n")
    counts = prepare_mustc(
        root, tmp_path / "data", pairs=["en_de"], max_missing_ratio=0.5, num_jobs=1
    )
    assert counts["valid_en_de"] == 2
    assert "valid_en_de has no `text`: 1 of 2 clips" in caplog.text
    assert sorted(report(tmp_path / "data")) == [
        ("mustc_en_de_dev-1", "bad_segment", "dropped"),
        ("mustc_en_de_dev-2", "bad_segment", "dropped"),
        ("mustc_en_de_dev-5", "bad_segment", "dropped"),
        ("mustc_gone-0000000-0000400-de", "missing", "dropped"),
        ("mustc_ted_3-0000000-0000400-de", "no_translation", "dropped"),
        ("mustc_ted_3-0000500-0000900-de", "no_transcript", "kept with its translation"),
    ]
    rows = coverage(tmp_path / "data")["valid_en_de", "en"]
    assert (rows["found"], rows["missing"], rows["unusable"]) == ("2", "1", "4")
    # No set says "" for a transcript; the other sets keep theirs.
    assert "text" not in read_data_dir(tmp_path / "data/valid_en_de").tables
    assert "text" in read_data_dir(tmp_path / "data/train_en_de").tables
    with pytest.raises(DroppedTooManyError, match="bad_segment 3"):
        prepare_mustc(root, tmp_path / "data", pairs=["en_de"], num_jobs=1)


def test_bad_copies_are_named(root: Path, tmp_path: Path) -> None:
    txt = root / "en-de/data/tst-HE/txt"
    put(txt / "tst-HE.de", "one line\n")
    with pytest.raises(DataDirError, match=r"tst-HE\.de: 1 lines, but tst-HE\.yaml .* has 3 segm"):
        prepare_mustc(root, tmp_path / "data", num_jobs=1)
    (txt / "tst-HE.de").unlink()
    with pytest.raises(DataDirError, match=r"tst-HE\.de: no such file"):
        prepare_mustc(root, tmp_path / "data", num_jobs=1)
    with pytest.raises(DataDirError, match=r"unknown key 'en_dd'.*en_de"):
        prepare_mustc(root, tmp_path / "data", pairs=["en_dd"])
    with pytest.raises(DataDirError, match=r"no pair of languages found.*set MUSTC= in db\.sh"):
        prepare_mustc(tmp_path, tmp_path / "data")
