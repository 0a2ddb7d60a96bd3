"""Arrays of all kinds are read by place, and what is none is named; nothing in a .pt is run."""

from __future__ import annotations

import pickle
import struct

import numpy as np
import pytest
import torch

from espnet_av.data.ark import ArkWriter
from espnet_av.errors import ArkError, CheckpointError
from espnet_av.features.stored_array import ArrayShelf

VALUES = np.arange(21, dtype=np.float32).reshape(7, 3)


def kaldi(path, dtype="<f4", tag=b"\0BFM "):
    rows, columns = VALUES.shape
    head = tag + struct.pack("<bibi", 4, rows, 4, columns)
    path.write_bytes(b"u1 " + head + VALUES.astype(dtype).tobytes())
    return f"{path}:3"


def ours(path):
    with ArkWriter(path) as ark:
        pointer = ark.write_array("u1", VALUES)
    return f"{path.parent}/{pointer}"


def saved(make):
    def write(path):
        path = path.with_suffix(".npy" if make.__name__ == "npy" else ".pt")
        make(path)
        return str(path)

    return write


def npy(convert=lambda values: values):
    def npy(path):
        np.save(path, convert(VALUES))

    return saved(npy)


def pt(convert=lambda tensor: tensor, **options):
    def torch_file(path):
        torch.save(convert(torch.from_numpy(VALUES)), path, **options)

    return saved(torch_file)


KINDS = {
    "npy": npy(),
    "float64": npy(lambda v: v.astype(np.float64)),
    "float16": npy(lambda v: v.astype(np.float16)),
    "int64": npy(lambda v: v.astype(np.int64)),
    "columns first": npy(np.asfortranarray),
    "batch of one": npy(lambda v: v[None]),
    "pt": pt(),
    "bfloat16": pt(lambda t: t.bfloat16()),
    "half": pt(lambda t: t.half()),
    "transposed": pt(lambda t: t.T.contiguous().T),
    "part of more": pt(lambda t: torch.cat([t, t])[:7]),
    "batch of one in torch": pt(lambda t: t[None]),
    "a single named tensor": pt(lambda t: {"features": t}),
    "before zip": pt(_use_new_zipfile_serialization=False),
    "kaldi": kaldi,
    "doubles of kaldi": lambda path: kaldi(path, "<f8", b"\0BDM "),
    "ours": ours,
}


@pytest.mark.parametrize("kind", KINDS)
def test_frames_by_place(tmp_path, kind):
    array = ArrayShelf().find(KINDS[kind](tmp_path / "x.ark"), "u1")
    assert (array.num_frames, array.dim) == VALUES.shape
    np.testing.assert_array_equal(array.read(2, 5), VALUES[2:5])
    np.testing.assert_array_equal(array.read(0, 7), VALUES)
    room = np.zeros((4, 3), np.float32)
    array.read_into(3, 5, room[1:3])
    np.testing.assert_array_equal(room, [[0] * 3, *VALUES[3:5], [0] * 3])


class Harm:
    def __reduce__(self):
        return (print, ("this was run",))


def test_nothing_in_a_pickle_is_run(tmp_path, capsys):
    for name, protocol in (("a", 2), ("b", 4)):
        torch.save({"x": Harm()}, tmp_path / f"{name}.pt", pickle_protocol=protocol)
        with pytest.raises(CheckpointError, match=r"asks for builtins\.print"):
            ArrayShelf().find(str(tmp_path / f"{name}.pt"))
    (tmp_path / "c.pt").write_bytes(pickle.dumps(Harm()))
    with pytest.raises(CheckpointError):
        ArrayShelf().find(str(tmp_path / "c.pt"))
    np.save(tmp_path / "d.npy", np.array([Harm()], dtype=object), allow_pickle=True)
    with pytest.raises(ArkError, match="of object; expected"):
        ArrayShelf().find(str(tmp_path / "d.npy"))
    assert "this was run" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("write", "error", "message"),
    [
        (npy(lambda v: v[0]), ArkError, r"shape \(3,\) of float32; expected \(frames, numbers"),
        (npy(lambda v: v[:0]), ArkError, r"shape \(0, 3\)"),
        (npy(lambda v: v.astype(complex)), ArkError, "complex"),
        (npy(lambda v: v.astype(str)), ArkError, "of <U"),
        (npy(lambda v: np.stack([v, v])), ArkError, r"shape \(2, 7, 3\)"),
        (pt(lambda t: t[0]), ArkError, r"shape \(3,\) of float32"),
        (pt(lambda t: {"a": t, "b": t}), ArkError, "expected one tensor"),
        (pt(lambda t: {"model": {"a": t}}), ArkError, "expected one tensor"),
        (pt(lambda t: [t]), ArkError, "expected one tensor"),
    ],
)
def test_what_is_no_matrix_is_named(tmp_path, write, error, message):
    with pytest.raises(error, match=message):
        ArrayShelf().find(write(tmp_path / "x"))


@pytest.mark.parametrize("kind", ["npy", "pt", "kaldi", "ours"])
def test_files_cut_short(tmp_path, kind):
    pointer = KINDS[kind](tmp_path / "x.ark")
    path = next(tmp_path.iterdir())
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises((ArkError, CheckpointError), match=r"cut short|ends in the middle|damaged"):
        ArrayShelf().find(pointer, "u1")


def test_a_file_that_shrinks_later(tmp_path):
    array = ArrayShelf().find(KINDS["npy"](tmp_path / "x"))
    (tmp_path / "x.npy").write_bytes(b"")
    with pytest.raises(ArkError, match=r"x\.npy: cut short, or changed"):
        array.read(0, 7)
    with pytest.raises(ArkError, match=r"x\.npy: cut short, or changed"):
        array.read_into(0, 7, np.zeros((7, 3), np.float32))


def test_missing_and_mixed_up(tmp_path):
    for name in ("x.npy", "x.pt", "x.ark:5"):
        with pytest.raises((ArkError, CheckpointError), match="no such"):
            ArrayShelf().find(str(tmp_path / name))
    (tmp_path / "x.npy").write_bytes(b"hello")
    with pytest.raises(ArkError, match="no array of numpy"):
        ArrayShelf().find(str(tmp_path / "x.npy"))
    pointer = ours(tmp_path / "x.ark")
    with pytest.raises(ArkError, match="is the entry of u1, not of other"):
        ArrayShelf().find(pointer, "other")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"a": torch.ones(3, 2), "b": torch.ones(3, 2)}, "holds a dict of a, b; "),
        ([torch.ones(3, 2)] * 12, "holds a list of 12; "),
        ((torch.ones(3, 2),), "holds a tuple of 1; "),
        ({"x": 3}, "holds no tensor of torch; "),
        (torch.ones(3, 2) > 0, r"shape \(3, 2\) of bool; "),
        (torch.ones(4, 3, 2), r"shape \(4, 3, 2\) .*each layer in a folder of its own"),
    ],
)
def test_files_of_torch_with_other_things(tmp_path, content, words):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(ArkError, match=words):
        ArrayShelf().find(str(tmp_path / "x.pt"))
