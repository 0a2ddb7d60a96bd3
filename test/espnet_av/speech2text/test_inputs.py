"""Files, folders and patterns, and names of results that do not meet."""

import pytest

from espnet_av.errors import ConfigError
from espnet_av.speech2text.inputs import find_files, result_names


@pytest.fixture
def films(tmp_path):
    names = (
        "b.mp4",
        "a.WAV",
        "notes.txt",
        "more/c.mkv",
        ".hidden/d.mp4",
        "more/.e.wav",
        "x[1].mp4",
    )
    for name in (*names, "x[1].mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_folders_are_searched_for_media(films):
    found = find_files([str(films)])
    assert [path.removeprefix(f"{films}/") for path in found] == [
        "a.WAV", "b.mp4", "more/c.mkv", "x[1].mp4"
    ]  # fmt: skip


def test_patterns_and_names_each_file_once(films):
    found = find_files([f"{films}/b.mp4", f"{films}/*.mp4", f"{films}/**/*.mkv"])
    assert [path.removeprefix(f"{films}/") for path in found] == [
        "b.mp4", "x[1].mp4", "more/c.mkv"
    ]  # fmt: skip
    assert find_files([f"{films}/x[1].mp4"]) == [f"{films}/x[1].mp4"], "it is there: no pattern"
    assert find_files([f"{films}/notes.txt", "gone.mp4"]) == [f"{films}/notes.txt", "gone.mp4"]


def test_nothing_found_is_told(films):
    (films / "empty").mkdir()
    with pytest.raises(ConfigError, match="empty: no file of sound or video in this folder"):
        find_files([str(films / "empty")])
    with pytest.raises(ConfigError, match="no file of this pattern"):
        find_files([f"{films}/*.flv"])


def test_no_two_results_have_one_name():
    paths = ["a/x.mp4", "a/x.wav", "b/x.mp4", "c/Y.mp4", "d/y.mp4", "z.b.mp4", "x.mp4-2.mp4"]
    names = result_names(paths)
    assert list(names.values()) == [
        "x.mp4", "x.wav", "x.mp4-2", "Y.mp4", "y.mp4-2", "z.b", "x.mp4-2-2"
    ]  # fmt: skip
    assert len({name.casefold() for name in names.values()}) == len(paths)
