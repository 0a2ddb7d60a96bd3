"""Results are known by what they were made from."""

import hashlib

import pytest

from espnet_av.errors import ConfigError
from espnet_av.predict.condition import Condition
from espnet_av.predict.results_dir import condition_fingerprint
from espnet_av.search.decode_config import DecodeConfig


@pytest.fixture
def key(tmp_path):
    """Fingerprint of what lies in a folder."""
    (tmp_path / "model.pth").write_bytes(b"weights")
    (tmp_path / "dump").mkdir()

    def make(lm_file=None, mode="A"):
        return condition_fingerprint(
            Condition(set_name="test", mode=mode),
            DecodeConfig(method="transducer_beam", lm_file=lm_file),
            checkpoint=tmp_path / "model.pth",
            dump_dir=tmp_path / "dump",
            noise_manifest=None,
            seed=0,
        )

    return make


def test_a_language_model_counts_by_its_content(tmp_path, key):
    for name, content in (("a", "one"), ("b", "one"), ("c", "two")):
        (tmp_path / name).write_text(content)
    assert key(tmp_path / "a") == key(tmp_path / "b")
    assert len({key(None), key(tmp_path / "a"), key(tmp_path / "c")}) == 3
    with pytest.raises(ConfigError, match="none: no such file, but the results"):
        key(tmp_path / "none")


def test_other_clips_of_the_same_size_count(tmp_path, key):
    dump = tmp_path / "dump"
    (dump / "utt2num_frames").write_text("s1-x 25\n")
    (dump / "video.ark").write_bytes(b"clip")
    by_hand = key()
    (dump / "video.ark").write_bytes(b"lips")
    assert key() != by_hand
    (dump / ".done").write_text("mouths of 88 pixels\n")
    of_stage = key()
    # The mark stands for the archives, which are large.
    (dump / "video.ark").write_bytes(b"face")
    assert key() == of_stage
    (dump / ".done").write_text("mouths of 96 pixels\n")
    assert key() != of_stage
    before = key()
    (dump / "video.scp").write_text("s1-x video.ark:0\n")
    assert key() != before


def test_weights_are_read_once_for_all_conditions(tmp_path, key, monkeypatch):
    read, real = [], hashlib.file_digest
    monkeypatch.setattr(
        hashlib, "file_digest", lambda stream, name: read.append(stream.name) or real(stream, name)
    )
    first = key()
    assert key(mode="AV") != first
    assert len(read) == 1
    (tmp_path / "model.pth").write_bytes(b"other weights")
    assert key() != first
    assert len(read) == 2
