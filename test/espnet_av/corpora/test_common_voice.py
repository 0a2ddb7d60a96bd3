"""Common Voice as it lies on disk becomes data dirs of sound alone."""

import pytest
from corpora_fixtures.clips import coverage, put, report
from corpora_fixtures.faces_and_voices import VOLUNTEERS, build_common_voice

from espnet_av.corpora.common_voice import prepare_common_voice
from espnet_av.data.data_dir import read_data_dir
from espnet_av.errors import DataDirError

SPEAKERS = [f"cv_de_{name[:16]}" for name in VOLUNTEERS]


@pytest.fixture
def corpus(tmp_path):
    return build_common_voice(tmp_path / "cv")


def test_a_whole_copy(corpus, tmp_path):
    counts = prepare_common_voice(corpus, tmp_path / "data")
    assert counts == {f"{s}_{lang}": 2 for lang in ("de", "pt") for s in ("train", "valid", "test")}
    test = read_data_dir(tmp_path / "data" / "test_de")
    assert test.utt_ids == [f"{SPEAKERS[n]}-common_voice_de_2{n}" for n in range(2)]
    assert test.get("text", test.utt_ids[0]) == 'Ein "Satz 0'
    assert test.get("utt2spk", test.utt_ids[0]) == SPEAKERS[0]
    assert report(tmp_path / "data") == []
    assert float(coverage(tmp_path / "data")["test", "de"]["hours"]) == 0.0


def test_bad_lists_and_languages(corpus, tmp_path):
    with pytest.raises(DataDirError, match=r"unknown key 'nl'.*valid keys: de, pt"):
        prepare_common_voice(corpus, tmp_path / "data", languages=["nl"])
    put(corpus / "de" / "dev.tsv", "client_id\tpath\n")
    with pytest.raises(DataDirError, match=r"dev\.tsv:1: no column sentence"):
        prepare_common_voice(corpus, tmp_path / "data")
    put(corpus / "de" / "dev.tsv", "client_id\tpath\tsentence\nx\ty\n")
    with pytest.raises(DataDirError, match=r"dev\.tsv:2: 2 columns, the header has 3"):
        prepare_common_voice(corpus, tmp_path / "data")
    with pytest.raises(DataDirError, match="no language found"):
        prepare_common_voice(tmp_path, tmp_path / "data")
