"""Data dirs become lhotse's cuts and come back the same; lhotse itself reads and writes them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from espnet_av.bin import export, import_
from espnet_av.data.data_dir import DataDir, Segment, read_data_dir, write_data_dir
from espnet_av.media.video import write_video

RATE = 16000


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """long.wav of 3 s, film.mp4 of 2 s with sound, lips.mp4 of 1 s without, one.wav of 1 s."""
    folder = tmp_path_factory.mktemp("media")
    sound = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    soundfile.write(folder / "long.wav", sound, RATE)
    soundfile.write(folder / "one.wav", sound[:RATE], RATE)
    frames = np.zeros((50, 48, 64), np.uint8)
    write_video(folder / "film.mp4", frames, audio=sound[: 2 * RATE])
    write_video(folder / "lips.mp4", frames[:25])
    return folder


@pytest.fixture
def data(media: Path, tmp_path: Path) -> DataDir:
    """Two parts of a recording; a film with its own sound; sound and lips in two files."""
    tables = {
        "wav.scp": {
            "long": str(media / "long.wav"),
            "film": str(media / "film.mp4"),
            "pair": str(media / "one.wav"),
        },
        "video.scp": {"film": str(media / "film.mp4"), "pair": str(media / "lips.mp4")},
        "segments": {"long-a": "long 0.25 1.5", "long-b": "long 1.5 2.75"},
        "text": {"long-a": "LAY BLUE", "long-b": "αβγ", "film": "x", "pair": "y z"},
        "text.de": {"long-a": "lege", "long-b": "b", "film": "c", "pair": "d"},
        "utt2lang": {"long-a": "en", "long-b": "el", "film": "en", "pair": "de"},
        "utt2spk": {"long-a": "s1", "long-b": "s1", "film": "s2", "pair": "pair"},
        "utt2category": {"long-a": "1", "long-b": "2", "film": "1", "pair": "1"},
    }
    ctm = {"long-b": [Segment(0.1, 0.5, "αβ"), Segment(0.75, 0.25, "γ")]}
    return write_data_dir(tmp_path / "data", tables, ctm)


def tables_of(data: DataDir) -> dict[str, dict[str, str]]:
    return {name: dict(rows) for name, rows in data.tables.items()}


@pytest.mark.parametrize("name", ["cuts.jsonl", "cuts.jsonl.gz"])
def test_there_and_back(data: DataDir, tmp_path: Path, name: str, capsys) -> None:
    export.main(["lhotse", str(data.path), str(tmp_path / name)])
    import_.main(["lhotse", str(tmp_path / name), str(tmp_path / "back")])
    assert capsys.readouterr().out.count("4 ") == 2
    back = read_data_dir(tmp_path / "back")
    assert tables_of(back) == tables_of(data)
    assert back.ctm == data.ctm
    assert (tmp_path / "back/dropped.tsv").read_text().count("\n") == 1


def test_the_same_data_gives_the_same_bytes(data: DataDir, tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        export.main(["lhotse", str(data.path), str(tmp_path / name)])
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()


def test_lhotse_reads_and_writes_them(data: DataDir, media: Path, tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse")
    export.main(["lhotse", str(data.path), str(tmp_path / "cuts.jsonl.gz")])
    cuts = lhotse.CutSet.from_file(tmp_path / "cuts.jsonl.gz").to_eager()
    lhotse.validate(cuts)
    part = cuts["long-b"]
    wave, _ = soundfile.read(media / "long.wav", dtype="float32")
    np.testing.assert_array_equal(part.load_audio()[0], wave[24000:44000])
    assert part.supervisions[0].alignment["word"][1].symbol == "γ"
    film = cuts["film"]
    assert film.has_video
    assert (film.video.num_frames, film.video.height, film.video.width) == (50, 48, 64)
    assert film.video.fps == 25.0
    assert cuts["pair"].load_audio().shape == (1, RATE)
    cuts.to_file(tmp_path / "theirs.jsonl.gz")
    import_.main(["lhotse", str(tmp_path / "theirs.jsonl.gz"), str(tmp_path / "back")])
    back = read_data_dir(tmp_path / "back")
    assert tables_of(back) == tables_of(data)
    assert back.ctm == data.ctm


def test_cuts_that_lhotse_made_itself(media: Path, tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse")
    recording = lhotse.Recording.from_file(media / "long.wav", recording_id="s 1/long")
    one = {"recording_id": recording.id, "speaker": "Ann B"}
    cut = recording.to_cut()
    cut.supervisions = [
        lhotse.SupervisionSegment("a", start=0.5, duration=1.0, text="lay  blue", **one),
        lhotse.SupervisionSegment("b", start=2.0, duration=1.0, text="x", language="en", **one),
    ]
    windows = cut.cut_into_windows(1.5).to_eager()
    for name, cuts in (("whole", [cut]), ("windows", windows)):
        lhotse.CutSet.from_cuts(cuts).to_file(tmp_path / f"{name}.jsonl")
        import_.main(["lhotse", str(tmp_path / f"{name}.jsonl"), str(tmp_path / name)])
    whole = read_data_dir(tmp_path / "whole")
    assert dict(whole.tables["segments"]) == {"a": "s_1_long 0.5 1.5", "b": "s_1_long 2.0 3.0"}
    assert dict(whole.tables["text"]) == {"a": "lay blue", "b": "x"}
    assert dict(whole.tables["utt2lang"]) == {"a": "und", "b": "en"}
    assert dict(whole.tables["utt2spk"]) == {"a": "Ann_B", "b": "Ann_B"}
    assert "s_1_long\ts 1/long\n" in (tmp_path / "whole/lhotse_ids.tsv").read_text()
    assert read_data_dir(tmp_path / "windows").tables["segments"] == whole.tables["segments"]


SOURCE = {"type": "file", "channels": [0], "source": "r.wav"}


def cut(recording: dict[str, object] | None = None, **changes: object) -> dict[str, object]:
    plain = {"id": "u", "start": 0.0, "duration": 1.0, "channel": 0, "type": "MonoCut"}
    known = {
        "id": "r",
        "sources": [SOURCE],
        "sampling_rate": RATE,
        "num_samples": RATE,
        "duration": 1.0,
    }
    return {**plain, "recording": {**known, **(recording or {})}, **changes}


def read(tmp_path: Path, *cuts: object, ratio: str = "1") -> DataDir:
    lines = "".join(json.dumps(one) + "\n" for one in cuts)
    (tmp_path / "c.jsonl").write_text(lines)
    out = tmp_path / "out"
    import_.main(["--max_dropped_ratio", ratio, "lhotse", str(tmp_path / "c.jsonl"), str(out)])
    return read_data_dir(out)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (cut(type="MixedCut"), "a MixedCut"),
        (cut(type="PaddingCut"), "a PaddingCut"),
        ({**cut(), "recording": None}, "without its recording"),
        (cut({"transforms": [{"name": "Speed"}]}), "lhotse changes"),
        (cut({"sources": [{**SOURCE, "type": "url"}]}), "in no file"),
        (cut({"sources": [SOURCE, {**SOURCE, "channels": [1]}]}), "in several files"),
        (cut({"sources": [{**SOURCE, "channels": [0, 1]}]}), "one channel of several"),
    ],
)
def test_what_has_no_place_is_listed(tmp_path: Path, bad, reason: str, capsys) -> None:
    bad = {**bad, "id": "bad"}
    data = read(tmp_path, cut(), bad)
    assert list(data.utt_ids) == ["u"]
    assert reason in (tmp_path / "out/dropped.tsv").read_text()
    assert "; 1 left out: " in capsys.readouterr().out
    with pytest.raises(SystemExit, match=r"1 of 2 utterances dropped"):
        read(tmp_path, cut(), bad, ratio="0.1")


def test_utterances_without_a_text_among_others(tmp_path: Path) -> None:
    told = [{"id": "t", "start": 0.0, "duration": 0.5, "text": "x"}]
    silent = [{"id": "s", "start": 0.5, "duration": 0.5, "text": " "}]
    data = read(tmp_path, cut(supervisions=told), cut(supervisions=silent))
    assert list(data.utt_ids) == ["t"]
    assert "s\tno text, where others have one\t" in (tmp_path / "out/dropped.tsv").read_text()
    data = read(tmp_path, cut(supervisions=silent))
    assert list(data.utt_ids) == ["s"]
    assert "text" not in data.tables


def test_all_channels_of_a_file_are_one_sound(tmp_path: Path) -> None:
    stereo = {"sources": [{**SOURCE, "channels": [0, 1]}]}
    data = read(tmp_path, cut(stereo, type="MultiCut", channel=[0, 1]))
    assert data.tables["wav.scp"]["r"].endswith("/r.wav")
    assert dict(data.tables["segments"]) == {"u": "r 0.0 -1"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", r"not lines of JSON"),
        ("[1]", r"c\.jsonl:1: no cut of lhotse"),
        ('{"id": "r", "sources": []}', r"no cut of lhotse; give the cuts"),
        ('{"id": "r", "type": "MonoCut", "recording": {"id": "r"}}', r"lacks something"),
    ],
)
def test_files_that_are_no_cuts(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "c.jsonl").write_text(line + "\n")
    with pytest.raises(SystemExit, match=message):
        import_.main(["lhotse", str(tmp_path / "c.jsonl"), str(tmp_path / "out")])


def test_files_that_are_damaged_or_missing(tmp_path: Path) -> None:
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(json.dumps(cut()).encode() + b"\n")[:-4])
    (tmp_path / "d.jsonl.gz").write_bytes(b"plain text")
    for name in ("c.jsonl.gz", "d.jsonl.gz", "none.jsonl"):
        with pytest.raises(SystemExit, match="cannot be read"):
            import_.main(["lhotse", str(tmp_path / name), str(tmp_path / "out")])


def test_two_utterances_of_one_id(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"c\.jsonl:2: a second utterance 'u'"):
        read(tmp_path, cut(), cut())
    other = cut({"sources": [{**SOURCE, "source": "s.wav"}]}, id="v")
    with pytest.raises(SystemExit, match=r"r has '.*s\.wav' as its wav\.scp, but"):
        read(tmp_path, cut(), other)


def test_dumps_and_silent_tables_are_not_exported(media: Path, tmp_path: Path) -> None:
    common = {"utt2spk": {"u": "u"}, "text": {"u": "x"}}
    for tables, message in (
        ({"wav.scp": {"u": f"{media}/a.ark:12"}}, "lies in an archive"),
        ({"video.scp": {"u": str(media / "one.wav")}}, "has no pictures"),
        ({"wav.scp": {"u": str(media / "lips.mp4")}}, "has no sound"),
    ):
        write_data_dir(tmp_path / "d", {**common, **tables})
        with pytest.raises(SystemExit, match=message):
            export.main(["lhotse", str(tmp_path / "d"), str(tmp_path / "c.jsonl")])
        assert not (tmp_path / "c.jsonl").exists()


def test_video_without_sound(media: Path, tmp_path: Path) -> None:
    tables = {"utt2spk": {"u": "u"}, "video.scp": {"u": str(media / "lips.mp4")}}
    write_data_dir(tmp_path / "d", tables)
    export.main(["lhotse", str(tmp_path / "d"), str(tmp_path / "c.jsonl")])
    (found,) = map(json.loads, (tmp_path / "c.jsonl").read_text().splitlines())
    assert found["duration"] == pytest.approx(1.0)
    import_.main(["lhotse", str(tmp_path / "c.jsonl"), str(tmp_path / "back")])
    assert tables_of(read_data_dir(tmp_path / "back")) == tables
