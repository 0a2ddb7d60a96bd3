"""Arrays in files and archives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from espnet_av.data.ark import ArkWriter, read_array, read_clip
from espnet_av.data.array_file import as_float16, npy_bytes, parse_npy, read_array_file
from espnet_av.errors import ArkError


def test_arrays_come_back_in_half_the_space(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(3, 5)).astype(np.float32)
    with ArkWriter(tmp_path / "a.ark") as ark:
        pointers = [ark.write_array("x", values), ark.write_array("y", values[0])]
    paths = [str(tmp_path / pointer) for pointer in pointers]
    found = read_array(paths[0], "x", num_axes=2)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values.astype(np.float16))
    assert read_array(paths[1], num_axes=1).shape == (5,)
    with pytest.raises(ArkError, match=r"expected 1 axes of float16"):
        read_array(paths[0], num_axes=1)
    with pytest.raises(ArkError, match="is the entry of x, not of y"):
        read_array(paths[0], "y", num_axes=2)
    with pytest.raises(ArkError, match="the raw clip is damaged or is none"):
        read_clip(paths[0])
    with ArkWriter(tmp_path / "b.ark") as ark:
        copied = ark.copy("x2", paths[0])
    np.testing.assert_array_equal(read_array(str(tmp_path / copied), "x2", num_axes=2), found)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.array([70000.0]), "the largest of its numbers is 70000"),
        (np.array([np.nan]), "mend what is not finite"),
        (np.array([1, 2]), "of int64; expected floats"),
        (np.zeros((0, 3)), "at least one"),
    ],
)
def test_numbers_that_are_not_held(values: np.ndarray, told: str) -> None:
    with pytest.raises(ArkError, match=f"x: .*{told}"):
        as_float16(values, "x")


def test_damaged_content() -> None:
    whole = npy_bytes(np.ones((2, 3), np.float16))
    np.testing.assert_array_equal(parse_npy(whole, np.float16, 2), np.ones((2, 3)))
    for broken in (whole[:-1], whole[:20], b"", whole + b"\0", b"\x93NUMPY\x09\0" + whole[8:]):
        with pytest.raises(ValueError, match=r"."):
            parse_npy(broken, np.float16, 2)


def test_files_of_floats(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((2, 3)))
    assert read_array_file(str(tmp_path / "a.npy")).shape == (2, 3)
    np.save(tmp_path / "i.npy", np.ones(3, np.int64))
    np.savez(tmp_path / "z.npz", a=np.ones(3))
    np.save(tmp_path / "o.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "t.npy").write_text("1 2 3")
    (tmp_path / "e.npy").touch()
    for name in ("i.npy", "z.npz", "o.npy", "t.npy", "e.npy", "none.npy"):
        with pytest.raises(ArkError, match=f"{name}: cannot be read as a .npy file of floats"):
            read_array_file(str(tmp_path / name))
