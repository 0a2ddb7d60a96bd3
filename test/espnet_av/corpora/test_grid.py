"""GRID as published becomes data dirs."""

import numpy as np
import pytest
import soundfile
from media_samples import numbered_frames, tone

from espnet_av.corpora import CORPORA, load_prepare
from espnet_av.corpora.grid import prepare_grid
from espnet_av.corpora.grid_files import find_files, read_align, sentence
from espnet_av.corpora.grid_split import split_utterances
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import ConfigError, DataDirError, DroppedTooManyError
from espnet_av.media.video import write_video

ALIGN = """0 12500 sil
12500 25000 {0}
25000 30000 {1}
30000 31000 {2}
31000 31000 sp
31000 40000 {3}
40000 45000 {4}
45000 60000 {5}
60000 74500 sil
"""
NAMES = ("bbaf2n", "lgwx4p", "prizzz", "swib3s", "pgbyzs", "brat9a")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("grid") / "clip.mp4"
    write_video(path, numbered_frames(4), 25, np.zeros(2560))
    return path.read_bytes()


def put(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content)


def align(name):
    return ALIGN.format(*sentence(name).split())


@pytest.fixture
def corpus(tmp_path, clip):
    """Two talkers of four clips each, laid out as the archives unpack."""
    root = tmp_path / "GRID"
    for talker in ("s1", "s3"):
        for name in ("bbaf2n", "lgwx4p", "pgbyzs", "brat9a"):
            put(root / talker / f"{name}.mp4", clip)
            put(root / "alignments" / talker / f"{name}.align", align(name))
    return root


def write_lists(root, train, valid, test):
    for name, ids in (("train", train), ("valid", valid), ("test", test)):
        put(root / f"{name}.list", "\n".join(ids) + "\n")


def report(out_dir):
    lines = (out_dir / "prepare_report.tsv").read_text().splitlines()
    assert lines[0] == "utt_id\treason\taction\tdetail"
    return [tuple(line.split("\t")[:3]) for line in lines[1:]]


def test_name_spells_the_sentence():
    assert sentence("bbaf2n") == "bin blue at f two now"
    assert sentence("swiuzs") == "set white in u zero soon"
    assert sentence("lgbx9a") == "lay green by x nine again"
    assert sentence("prwq1p") == "place red with q one please"


def test_align_times_become_seconds_and_pauses_silence(tmp_path):
    put(tmp_path / "a.align", align("bbaf2n"))
    segments = read_align(tmp_path / "a.align")
    assert segments[0] == (0.0, 0.5, "sil")
    assert segments[1] == (0.5, 0.5, "bin")
    assert [s.label for s in segments] == ["sil", "bin", "blue", "at", "f", "two", "now", "sil"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no word times"),
        ("0 100\n", r"a\.align:1: expected 'start end word'"),
        ("0 100 bin\n50 200 blue\n", r"a\.align:2: times run backwards"),
        ("x 100 bin\n", "expected 'start end word'"),
    ],
)
def test_broken_align_is_named(tmp_path, content, message):
    put(tmp_path / "a.align", content)
    with pytest.raises(ValueError, match=message):
        read_align(tmp_path / "a.align")


@pytest.mark.parametrize(
    ("video", "times"),
    [
        ("s1/{}.mpg", "alignments/s1/{}.align"),
        ("s1/{}.mp4", "align/s1/{}.align"),
        ("s1/{}.mpg", "s1/align/{}.align"),
        ("s1/video/mpg_6000/{}.mpg", "s1/align/{}.align"),
        ("video/s1/{}.MPG", "s1/{}.align"),
    ],
)
def test_every_published_layout_is_found(tmp_path, video, times):
    for pattern in (video, times, "audio_25k/s1/{}.wav"):
        put(tmp_path / pattern.format("bbaf2n"), "")
    put(tmp_path / "__MACOSX" / "s1" / "bbaf2n.mpg", "")
    put(tmp_path / "s1" / "._bbaf2n.mpg", "")
    put(tmp_path / "s1" / "readme.mpg", "")
    put(tmp_path / "elsewhere" / "bbaf2n.mpg", "")
    found = find_files(tmp_path)
    assert list(found) == ["s1-bbaf2n"]
    assert found["s1-bbaf2n"].video == tmp_path / video.format("bbaf2n")
    assert found["s1-bbaf2n"].align == tmp_path / times.format("bbaf2n")
    assert found["s1-bbaf2n"].audio == tmp_path / "audio_25k/s1/bbaf2n.wav"


def test_lists_decide_the_sets(corpus, tmp_path):
    write_lists(corpus, ["bbaf2n", "s1-lgwx4p"], ["s3/lgwx4p", "pgbyzs"], ["brat9a"])
    counts = prepare_grid(corpus, tmp_path / "data")
    assert counts == {"train": 3, "valid": 3, "test": 2}
    train = read_data_dir(tmp_path / "data" / "train")
    assert train.utt_ids == ["s1-bbaf2n", "s1-lgwx4p", "s3-bbaf2n"]
    assert train.get("text", "s1-bbaf2n") == "bin blue at f two now"
    assert train.get("utt2spk", "s3-bbaf2n") == "s3"
    assert train.get("utt2lang", "s3-bbaf2n") == "en"
    assert train.get("video.scp", "s1-bbaf2n") == str(corpus / "s1" / "bbaf2n.mp4")
    assert train.get("wav.scp", "s1-bbaf2n") == train.get("video.scp", "s1-bbaf2n")
    assert train.ctm["s1-bbaf2n"][1] == (0.5, 0.5, "bin")
    assert report(tmp_path / "data") == []


def test_disagreement_of_lists_and_files_is_reported(corpus, tmp_path):
    write_lists(corpus, ["bbaf2n", "swib3s"], ["pgbyzs"], ["brat9a"])
    prepare_grid(corpus, tmp_path / "data", max_missing_ratio=0.2)
    assert report(tmp_path / "data") == [
        ("s1-lgwx4p", "unlisted", "left out"),
        ("s3-lgwx4p", "unlisted", "left out"),
        ("train.list: swib3s", "missing", "dropped"),
    ]


def test_a_sentence_in_two_lists_is_an_error(corpus, tmp_path):
    write_lists(corpus, ["bbaf2n"], ["pgbyzs"], ["s1-bbaf2n"])
    with pytest.raises(DataDirError, match=r"test\.list: s1-bbaf2n is in train\.list too"):
        prepare_grid(corpus, tmp_path / "data")


def test_split_by_lists_needs_them(corpus, tmp_path):
    with pytest.raises(DataDirError, match=r"train\.list: missing"):
        prepare_grid(corpus, tmp_path / "data", split="lists")


def test_published_splits():
    utt_ids = [f"s{t}-u{i:03d}" for t in (1, 2, 3, 20) for i in range(200)]
    overlapped = split_utterances(utt_ids, NO_ROOT, "overlapped").ids
    assert {name: len(ids) for name, ids in overlapped.items()} == {
        "train": 4 * 139, "valid": 4 * 10, "test": 4 * 51,
    }  # fmt: skip
    assert sorted(u for ids in overlapped.values() for u in ids) == sorted(utt_ids)
    # Removing a talker moves nobody else.
    fewer = split_utterances([u for u in utt_ids if u[:3] != "s2-"], NO_ROOT, "overlapped").ids
    assert set(fewer["test"]) <= set(overlapped["test"])
    unseen = split_utterances(utt_ids, NO_ROOT, "unseen").ids
    assert {u.split("-")[0] for u in unseen["test"]} == {"s1", "s2", "s20"}
    assert {u.split("-")[0] for u in unseen["train"] + unseen["valid"]} == {"s3"}
    assert len(unseen["valid"]) == 10


def test_damaged_and_odd_clips_are_reported(corpus, tmp_path):
    (corpus / "s1" / "bbaf2n.mp4").write_bytes(b"")
    (corpus / "s1" / "lgwx4p.mp4").unlink()
    (corpus / "alignments" / "s3" / "bbaf2n.align").unlink()
    put(corpus / "alignments" / "s3" / "lgwx4p.align", align("lgwx5p"))
    put(corpus / "alignments" / "s3" / "pgbyzs.align", "0 x bin\n")
    write_lists(corpus, ["bbaf2n", "lgwx4p"], ["pgbyzs"], ["brat9a"])
    prepare_grid(corpus, tmp_path / "data", max_missing_ratio=0.25)
    assert report(tmp_path / "data") == [
        ("s1-bbaf2n", "unreadable", "dropped"),
        ("s1-lgwx4p", "no_media", "dropped"),
        ("s3-bbaf2n", "no_align", "kept without times"),
        ("s3-lgwx4p", "text_mismatch", "kept with the name's text"),
        ("s3-pgbyzs", "bad_align", "kept without times"),
    ]
    train = read_data_dir(tmp_path / "data" / "train")
    assert train.utt_ids == ["s3-bbaf2n", "s3-lgwx4p"]
    assert train.get("text", "s3-lgwx4p") == "lay green with x four please"
    assert not train.ctm


def test_too_many_damaged_clips_stop_it(corpus, tmp_path):
    (corpus / "s1" / "bbaf2n.mp4").write_bytes(b"")
    with pytest.raises(DroppedTooManyError, match=r"1 of 8 clips dropped \(unreadable 1\)"):
        prepare_grid(corpus, tmp_path / "data", max_missing_ratio=0.1)
    assert not (tmp_path / "data" / "train").exists()


def test_talker_without_video_gives_sound_alone(tmp_path):
    root = tmp_path / "GRID"
    for name, seconds in (("bbaf2n", 3.0), ("lgwx4p", 1.2), ("pgbyzs", 3.0)):
        put(root / "alignments" / "s21" / f"{name}.align", align(name))
        (root / "audio_25k" / "s21").mkdir(parents=True, exist_ok=True)
        soundfile.write(root / "audio_25k" / "s21" / f"{name}.wav", tone(seconds, 25000), 25000)
    write_lists(root, ["bbaf2n"], ["pgbyzs"], ["lgwx4p"])
    prepare_grid(root, tmp_path / "data")
    train = read_data_dir(tmp_path / "data" / "train")
    assert "video.scp" not in train.tables
    assert train.get("wav.scp", "s21-bbaf2n").endswith("audio_25k/s21/bbaf2n.wav")
    assert "s21-bbaf2n" in train.ctm
    # Cut shorter than its word times reach: they are not its own.
    assert not read_data_dir(tmp_path / "data" / "test").ctm


def test_folder_without_grid_and_empty_sets(corpus, tmp_path):
    with pytest.raises(DataDirError, match=r"no GRID clip found.*GRID= in db\.sh"):
        prepare_grid(tmp_path / "nowhere", tmp_path / "data")
    with pytest.raises(DataDirError, match="the valid set would be empty under split 'auto'"):
        prepare_grid(corpus, tmp_path / "data")


def test_the_real_talker(grid_root, tmp_path):
    assert prepare_grid(grid_root, tmp_path) == {"train": 750, "valid": 50, "test": 100}
    test = read_data_dir(tmp_path / "test")
    listed = (grid_root / "test.list").read_text().split()
    assert test.utt_ids == sorted(f"s1-{name}" for name in listed)
    assert len(test.ctm) == 100
    # The copy nearest to the root, not the one in as_published/.
    train = read_data_dir(tmp_path / "train")
    assert all("as_published" not in path for path in train.tables["video.scp"].values())


def test_as_published_folder_alone(grid_root, tmp_path):
    found = find_files(grid_root / "as_published")
    assert {files.video.suffix for files in found.values()} == {".mpg"}


@pytest.mark.parametrize("name", sorted(CORPORA))
def test_every_corpus_has_a_documented_function(name):
    prepare = load_prepare(name)
    assert prepare.__name__ == f"prepare_{name}"
    assert prepare.__doc__


def test_unknown_corpus_names_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'grid'"):
        load_prepare("gird")


class NoRoot:
    def __truediv__(self, name):
        return self

    def is_file(self):
        return False


NO_ROOT = NoRoot()
