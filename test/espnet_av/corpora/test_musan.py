"""MUSAN is checked against the lists that lie in it, and feeds the noise stage."""

import pytest
from corpora_fixtures.clips import coverage, put, report
from corpora_fixtures.faces_and_voices import build_musan

from espnet_av.corpora.musan import prepare_musan
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError
from espnet_av.noise.build import split_files


@pytest.fixture
def corpus(tmp_path):
    return build_musan(tmp_path / "musan")


def test_a_whole_copy(corpus, tmp_path):
    assert prepare_musan(corpus, tmp_path / "data") == {"music": 2, "speech": 2, "noise": 2}
    assert report(tmp_path / "data") == []
    musan = read_data_dir(tmp_path / "data" / "musan")
    assert musan.get("utt2category", "noise-free-sound-0001") == "noise"
    assert "video.scp" not in musan.tables
    rows = coverage(tmp_path / "data")
    assert (rows["music", "-"]["published_clips"], rows["music", "-"]["found"]) == ("660", "2")
    assert rows["all", "all"]["published_hours"] == "108.5"
    # The noise stage finds the same files.
    named = {str(path) for files in split_files(corpus).values() for path, _ in files}
    assert named == set(musan.tables["wav.scp"].values())


def test_linked_folders_are_followed_and_hidden_twins_are_not(corpus, tmp_path):
    moved = (corpus / "music").rename(tmp_path / "elsewhere")
    (corpus / "music").mkdir()
    (corpus / "music" / "fma").symlink_to(moved / "fma")
    put(corpus / "noise" / "free-sound" / "._noise-free-sound-0000.wav", b"twin")
    assert prepare_musan(corpus, tmp_path / "data") == {"music": 2, "speech": 2, "noise": 2}


def test_folder_without_musan(tmp_path):
    with pytest.raises(DataDirError, match=r"no MUSAN file found; .*MUSAN= in db\.sh"):
        prepare_musan(tmp_path, tmp_path / "data")
