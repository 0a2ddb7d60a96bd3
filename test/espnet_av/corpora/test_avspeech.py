"""AVSpeech's lists and the videos one has become data dirs."""

import pytest
from corpora_fixtures.clips import put, report
from corpora_fixtures.faces_and_voices import build_avspeech

from espnet_av.corpora.avspeech import prepare_avspeech
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError, DroppedTooManyError

WHOLE = "avspeech_AvWWVOgaMlk"


@pytest.fixture
def corpus(tmp_path):
    return build_avspeech(tmp_path / "avspeech")


def test_whole_videos_are_cut_by_segments(corpus, tmp_path):
    counts = prepare_avspeech(corpus, tmp_path / "data", max_missing_ratio=0.3)
    assert counts == {"train": 2, "test": 1}
    train = read_data_dir(tmp_path / "data" / "train")
    assert train.utt_ids == [f"{WHOLE}-0000040-0000200", f"{WHOLE}-0000200-0000360"]
    assert train.recording(train.utt_ids[1]) == (WHOLE, 0.2, 0.36)
    assert train.get("video.scp", WHOLE) == str(corpus / "videos" / "AvWWVOgaMlk.mp4")
    test = read_data_dir(tmp_path / "data" / "test")
    assert test.utt_ids == ["avspeech__cut1-0012500-0012900"]
    assert "segments" not in test.tables
    assert report(tmp_path / "data") == [("avspeech_-gone-0030000-0036000", "missing", "dropped")]


def test_the_listed_faces_are_kept(corpus, tmp_path):
    """Also those of lists saved with a byte order mark; what is no place is reported."""
    rows = [row.split(",") for row in (corpus / "avspeech_train.csv").read_text().splitlines()]
    places = iter([["0.253125", "0.5"], ["1.5", "0"]])
    listed = [[*row[:3], *(["0", "0"] if row[0] == "-gone" else next(places))] for row in rows]
    put(corpus / "avspeech_train.csv", "\ufeff" + "\n".join(map(",".join, listed)) + "\n")
    prepare_avspeech(corpus, tmp_path / "data", max_missing_ratio=0.3)
    train = read_data_dir(tmp_path / "data" / "train")
    assert train.tables["utt2face"] == {f"{WHOLE}-0000040-0000200": "0.253125 0.5"}
    bad = (f"{WHOLE}-0000200-0000360", "no_face_place", "kept, the face will be searched for")
    assert bad in report(tmp_path / "data")
    test = read_data_dir(tmp_path / "data" / "test")
    assert list(test.tables["utt2face"].values()) == ["0.43 0.21"]


def test_videos_that_are_gone_need_leave(corpus, tmp_path):
    with pytest.raises(DroppedTooManyError, match=r"avspeech_train\.csv:3: no file named -gone"):
        prepare_avspeech(corpus, tmp_path / "data")


@pytest.mark.parametrize(
    ("line", "message"),
    [("a,b,c", "csv:1: expected 'video,start,end,x,y'"), ("a,3,2,0,0", "start 3.0 and end 2.0")],
)
def test_a_bad_list(corpus, tmp_path, line, message):
    put(corpus / "avspeech_train.csv", line + "\n")
    with pytest.raises(DataDirError, match=message):
        prepare_avspeech(corpus, tmp_path / "data")


def test_folder_without_lists(tmp_path):
    with pytest.raises(DataDirError, match=r"neither avspeech_train\.csv nor .*AVSPEECH= in db"):
        prepare_avspeech(tmp_path, tmp_path / "data")
