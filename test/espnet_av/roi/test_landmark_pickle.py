"""Landmark pickles: what numpy writes is read; what small files claim is not made."""

import contextlib
import pickle
import struct
import tracemalloc

import numpy as np
import pytest

from espnet_av.errors import MediaError
from espnet_av.roi.landmark_pickle import LandmarkUnpickler
from espnet_av.roi.landmarks import load_landmarks

FOUR = np.array([[1, 2], [3, 4], [5, 6], [7, 9]])


def load(tmp_path, data, key=None):
    (tmp_path / "a.pkl").write_bytes(data)
    return load_landmarks(tmp_path / "a.pkl", key)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["<f4", ">f8", "<f2", "u1", ">i2", "i8", "?"])
def test_arrays_of_every_kind_of_number(tmp_path, protocol, kind):
    points = FOUR.astype(kind)
    for content in ([points], points[None], (points[::-1][::-1],), [np.asfortranarray(points)]):
        assert np.array_equal(load(tmp_path, pickle.dumps(content, protocol))[0], points)


@pytest.mark.parametrize("protocol", range(6))
def test_objects_scalars_and_gaps(tmp_path, protocol):
    scalars = [[np.float32(x), np.int64(y)] for x, y in FOUR]
    rows = [np.array(row) for row in FOUR]
    objects = np.empty(3, object)
    objects[:] = [FOUR, None, rows]
    for content in (objects, [FOUR, None, scalars], {"x": [FOUR.tolist(), None, tuple(rows)]}):
        first, second, third = load(tmp_path, pickle.dumps(content, protocol), "x")
        assert np.array_equal(first, FOUR)
        assert second is None
        assert np.array_equal(third, FOUR)
    whole = np.array([FOUR, FOUR + 1], dtype=object)
    for order in (whole, np.asfortranarray(whole)):
        read = load(tmp_path, pickle.dumps(order, protocol))
        assert np.array_equal(read, [FOUR, FOUR + 1])


def test_arrays_of_python_2_and_of_numpy_1(tmp_path):
    raw = np.array([[0, 255], [-1, 2], [3, 4], [5, 6]], "<i2")
    data = pickle.dumps([raw], 2)
    escaped = raw.tobytes().decode("latin1").encode("unicode-escape").decode().replace("'", "\\'")
    # The text of Python 2 is a STRING, which has no encoding.
    text = (
        "(lp0\ncnumpy.core.multiarray\n_reconstruct\np1\n(cnumpy\nndarray\np2\n(I0\ntp3\nS'b'\np4\n"
        "tp5\nRp6\n(I1\n(I4\nI2\ntp7\ncnumpy\ndtype\np8\n(S'i2'\np9\nI0\nI1\ntp10\nRp11\n(I3\nS'<'\n"
        f"p12\nNNNI-1\nI-1\nI0\ntp13\nbI00\nS'{escaped}'\np14\ntp15\nba."
    )
    assert np.array_equal(load(tmp_path, text.encode("latin1"))[0], raw)
    renamed = data.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
    assert renamed != data or np.__version__ < "2"
    assert np.array_equal(load(tmp_path, renamed)[0], raw)


def test_no_frames_are_no_frames(tmp_path):
    for content in ([], np.empty((0, 68, 2)), np.empty(0, object)):
        assert load(tmp_path, pickle.dumps(content)) == []


def array(shape, raw=b"X\x00\x00\x00\x00", name=b"f8"):
    """A pickle of an array that says it has a shape, in protocol 2."""
    sizes = b"".join(b"J" + struct.pack("<i", n) for n in shape)
    return (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n(" + sizes + b"tU\x01d\x87R"
        b"(K\x01(" + sizes + b"tcnumpy\ndtype\nU" + bytes([len(name)]) + name + b"\x85R\x89"
        b"" + raw + b"tb"
    )


def peak_of(tmp_path, data):
    """Bytes that reading takes at most; numpy's are among them."""
    (tmp_path / "a.pkl").write_bytes(data)
    tracemalloc.start()
    with contextlib.suppress(MediaError):
        load_landmarks(tmp_path / "a.pkl")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


LAUGHS = b"](K\x01K\x02e" + b"q\x00](h\x00h\x00e" * 18
"""A list of a list twice, eighteen times: half a million numbers."""


@pytest.mark.parametrize(
    "data",
    [
        b"]" + array([25_000_000]) + b"a.",
        array([25_000_000]) + b".",
        array([25_000_000], b"]", b"O8") + b".",
        array([25_000_000, 0, 0], b"]", b"O8") + b".",
        array([25_000_000, 0]) + b".",
        b"\x96" + struct.pack("<Q", 200_000_000) + b".",
        b"\x8e" + struct.pack("<Q", 200_000_000) + b".",
        b"\x95" + struct.pack("<Q", 200_000_000) + b".",
        b"cbuiltins\nbytes\nJ" + struct.pack("<i", 200_000_000) + b"\x85R.",
        b"cbuiltins\nbytearray\nJ" + struct.pack("<i", 200_000_000) + b"\x85R.",
        b"r\xff\xff\xff\x0bN.",
        b"]" + LAUGHS + b"a.",
        array([1], b"](" + LAUGHS + b"e", b"O8") + b".",
        b"}N" + b"q\x00h\x00\x86" * 20 + b"Ns.",
    ],
)
def test_small_pickles_take_little_memory(tmp_path, data):
    with pytest.raises(MediaError, match=r"a\.pkl"):
        load(tmp_path, b"\x80\x02" + data)
    assert peak_of(tmp_path, b"\x80\x02" + data) < 200_000


def test_one_array_named_again_and_again_is_not_copied(tmp_path):
    raw = b"T" + struct.pack("<I", 80_000) + b"\0" * 80_000
    long = array([10_000], raw) + b"q\x01"
    data = b"\x80\x02" + long + b"0](" + b"h\x01" * 5000 + b"e."
    assert peak_of(tmp_path, data) < 1_000_000
    with pytest.raises(MediaError, match=r"frame 0: expected \(68, 2\).*found shape \(10000,\)"):
        load(tmp_path, data)
    called = b"\x80\x02" + raw + b"q\x010](" + b"c_codecs\nencode\nh\x01\x85R" * 50 + b"e."
    with pytest.raises(MediaError, match="its calls copy more than it holds"):
        load(tmp_path, called)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (array([4, 2], b"U\x08" + b"x" * 8) + b".", "an array of 8 numbers, whose content has"),
        (array([-4, -2]) + b".", "an array of impossible size"),
        (array([1] * 9, b"U\x08" + b"x" * 8) + b".", "an array of impossible size"),
        (array([1], b"U\x08" + b"x" * 8, b"V8") + b".", "an array of 'V8', not of numbers"),
        (array([1], b"U\x08" + b"x" * 8, b"f8,f8") + b".", "an array of 'f8,f8'"),
        (array([1], b"U\x08" + b"x" * 8, b"f3") + b".", "f3"),
        (array([1], b"U\x08" + b"x" * 8, b"O8") + b".", "an array of 1 objects, whose content"),
        (array([1], b"K\x08") + b".", "an array of 1 numbers, whose content"),
        (array([], b"U\x08" + b"x" * 8) + b".", "one entry a frame, found ArrayRecord"),
        (b"cnumpy\nndarray\n)R.", "an array that is made by its class"),
        (b"cnumpy\nndarray\n)\x81.", "refused as a landmark pickle"),
        (b"cnumpy.core.multiarray\n_reconstruct\n)R(K\x01tb.", "refused as a landmark pickle"),
        (b"cnumpy.core.multiarray\n_reconstruct\n)R.", "an array without a type"),
        (b"cnumpy\ndtype\nU\x02f8\x85R(K\x03U\x01<K\x01NNtb.", "an array of records"),
        (b"cnumpy\ndtype\n}U\x08__init__Nsb.", "a function must not be changed"),
        (b"\x82\x01.", "names a class by number"),
        (b"cnumpy\nload\n.", r"holds 'numpy\.load', which is no array"),
        (b"cnumpy.core.multiarray\nfromfile\n.", r"multiarray\.fromfile'"),
    ],
)
def test_arrays_that_are_none(tmp_path, data, message):
    with pytest.raises(MediaError, match=message):
        load(tmp_path, b"\x80\x02" + data)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (FOUR[:3].tolist(), "found 3 rows"),
        ([[1, 2, 3]] * 4, "rows of another length than 2"),
        ([np.ones(3)] * 4, "rows of another length than 2"),
        ([["1", "2"]] * 4, "a row that is not of numbers"),
        (["12"] * 4, "a row that is a str"),
        ([[10**400, 1]] * 4, "not an array of points"),
        (np.array([["a"] * 2] * 4, dtype=object), "a row that is not of numbers"),
        (np.array([[1.0, np.inf]] * 4), "found NaN or infinity"),
        (7, "a int"),
    ],
)
def test_frames_that_are_no_points(tmp_path, frame, message):
    with pytest.raises(MediaError, match=f"frame 1: .*{message}"):
        load(tmp_path, pickle.dumps([None, frame]))


def test_byte_arrays_within_their_bounds():
    assert LandmarkUnpickler(pickle.dumps(bytearray(b"abc"), 5)).load() == b"abc"
