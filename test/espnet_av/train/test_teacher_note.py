"""A model is compared with the vectors of its own teacher alone."""

from __future__ import annotations

import pytest

from espnet_av.data.data_dir import DataDir
from espnet_av.errors import CheckpointError, DataDirError
from espnet_av.train.teacher_note import NOTE, check_teacher, write_teacher


def made_by(teacher, path):
    return DataDir(path, {"utt2teacher": {"a": f"{teacher}-01", "b": f"{teacher}-02"}})


def test_another_teacher_is_refused(tmp_path):
    own, other = made_by("aa11", tmp_path / "own"), made_by("bb22", tmp_path / "other")
    check_teacher(tmp_path, other)  # before there is a note
    write_teacher(tmp_path, own)
    check_teacher(tmp_path, own)
    check_teacher(tmp_path, DataDir(tmp_path, {}))
    with pytest.raises(DataDirError, match=r"other/utt2teacher: .* bb22, but .* those of aa11"):
        check_teacher(tmp_path, other)


def test_vectors_without_names_leave_no_note(tmp_path):
    write_teacher(tmp_path, DataDir(tmp_path, {"teacher.scp": {"a": "x.ark:3"}}))
    assert not (tmp_path / NOTE).exists()
    (tmp_path / NOTE).write_text("[1")
    with pytest.raises(CheckpointError, match="restore it from a copy"):
        check_teacher(tmp_path, made_by("aa11", tmp_path))
