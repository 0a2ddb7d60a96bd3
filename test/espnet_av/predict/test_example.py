"""Reading the example of a condition: what is always there, and what is said of a damaged one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from espnet_av.errors import DataDirError
from espnet_av.predict.example import EXAMPLE, read_example


def write(folder: Path, **arrays: object) -> Path:
    np.savez_compressed(folder / EXAMPLE, **arrays)  # type: ignore[arg-type]
    return folder / EXAMPLE


def test_arrays_come_back(tmp_path: Path) -> None:
    video = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    path = write(tmp_path, utt_id="u1", tokens=np.array(["a", "b"]), video=video)
    found = read_example(path)
    assert set(found) == {"utt_id", "tokens", "video"}
    assert (str(found["utt_id"]), found["tokens"].tolist()) == ("u1", ["a", "b"])
    assert np.array_equal(found["video"], video)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "no archive": lambda content: b"text",
    "flipped": lambda content: content[:60] + bytes(20) + content[80:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named_with_a_cure(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path, utt_id="u1", tokens=np.array(["a"]), speech=np.zeros(99, np.float32))
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    with pytest.raises(DataDirError, match=rf"{path}: missing or damaged .*\.done"):
        read_example(path)


@pytest.mark.parametrize("name", ["utt_id", "tokens"])
def test_what_is_always_there_must_be_there(tmp_path: Path, name: str) -> None:
    arrays = {"utt_id": "u1", "tokens": np.array(["a"])}
    path = write(tmp_path, **{key: value for key, value in arrays.items() if key != name})
    with pytest.raises(DataDirError, match="missing or damaged"):
        read_example(path)
    with pytest.raises(DataDirError, match="missing or damaged"):
        read_example(tmp_path / "none.npz")


def test_pickled_objects_are_not_run(tmp_path: Path) -> None:
    path = write(tmp_path, utt_id="u1", tokens=np.array([print, "a"], dtype=object))
    with pytest.raises(DataDirError, match="missing or damaged"):
        read_example(path)
