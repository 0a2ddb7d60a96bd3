"""Memory and time of reading a pickle are bounded by its length, whatever it says."""

import contextlib
import io
import struct
import tracemalloc

import pytest

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_pickle import ForeignUnpickler


def read(data):
    return ForeignUnpickler(io.BytesIO(data), "evil.pt").read()


def test_numbers_in_the_pickle_do_not_allocate_memory():
    huge_memo = b"\x80\x02K\x01r\xff\xff\xff\x7f."
    assert read(huge_memo) == 1
    with pytest.raises(CheckpointError, match="cut short"):
        read(b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.")


def peak_of(data):
    """Bytes of Python that reading takes at most; an error of it is no failure."""
    tracemalloc.start()
    with contextlib.suppress(CheckpointError):
        read(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


TEXT = b"X" + struct.pack("<I", 20_000) + b"a" * 20_000 + b"q\x01"
LIST = b"](" + b"K\x07" * 10_000 + b"eq\x01"
TUPLE = b"(" + b"N" * 20_000 + b"tq\x01"
PAIRS = b"](" + b"K\x07K\x08\x86" * 10_000 + b"eq\x01"
GET = b"h\x01"


@pytest.mark.parametrize(
    ("function", "argument", "call"),
    [
        (b"c_codecs\nencode\n", TEXT, GET + b"\x85R"),
        (b"cbuiltins\nset\n", LIST, GET + b"\x85R"),
        (b"cbuiltins\nfrozenset\n", LIST, GET + b"\x85R"),
        (b"cfairseq\nThing\n", TUPLE, GET + b"R"),
        (b"cfairseq\nThing\n", TUPLE, GET + b"\x81"),
        (b"cfairseq\nThing\n", TEXT, GET + b"R"),
        (
            b"ccollections\nOrderedDict\n",
            b"](" + b"K\x07K\x08\x86" * 4000 + b"eq\x01",
            GET + b"\x85R",
        ),
    ],
)
def test_what_the_memo_holds_is_not_copied_again_and_again(function, argument, call):
    """20 kB that 2000 calls name: 40 MB if each took a copy."""
    once = b"\x80\x02" + argument + b"0" + function + call + b"."
    assert read(once) is not None
    many = b"\x80\x02" + argument + b"0" + function + b"q\x02(" + (b"h\x02" + call) * 2000 + b"l."
    assert peak_of(many) < 4_000_000
    with pytest.raises(CheckpointError, match="its calls copy more than it holds"):
        read(many)


def test_no_bytes_are_reserved_before_they_are_read():
    data = b"\x80\x05\x96" + struct.pack("<Q", 50_000_000) + b"."
    assert peak_of(data) < 100_000
    with pytest.raises(CheckpointError, match="cannot be understood"):
        read(data)


NESTED = b"N" + b"q\x00h\x00\x86" * 40
"""A tuple of a tuple twice, forty times: its hash is that of 2 ** 40 elements."""


@pytest.mark.parametrize(
    "data",
    [
        b"}" + NESTED + b"Ns.",
        b"}(" + NESTED + b"Nu.",
        b"(" + NESTED + b"Nd.",
        b"ccollections\nOrderedDict\n]" + NESTED + b"N\x86a\x85R.",
        b"}\x8a\x0a" + b"\x7f" * 10 + b"Ns.",
    ],
)
def test_keys_that_take_for_ever(data):
    with pytest.raises(CheckpointError, match="is no key of plain data"):
        read(b"\x80\x02" + data)


def test_sets_hash_nothing():
    for data in (b"\x8f(" + NESTED + b"\x90.", b"(" + NESTED + b"\x91."):
        assert len(read(b"\x80\x04" + data)) == 1


def test_long_names_are_refused():
    with pytest.raises(CheckpointError, match=r"asks for fairseq\.n+, which") as refused:
        read(b"\x80\x02cfairseq\n" + b"n" * 10**6 + b"\n.")
    assert len(str(refused.value)) < 500


def test_short_tuples_of_text_are_keys_and_long_ones_are_not():
    def key(parts):
        return b"\x80\x02}(" + b"U\x01a" * parts + b"tNs."

    assert read(key(16)) == {("a",) * 16: None}
    with pytest.raises(CheckpointError, match="a tuple is no key of plain data"):
        read(key(17))


@pytest.mark.parametrize(
    "arguments", [b"X\x01\x00\x00\x00aX\x04\x00\x00\x00utf7", b"K\x01U\x06latin1"]
)
def test_bytes_are_written_as_latin1_only(arguments):
    assert read(b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aU\x06latin1\x86R.") == b"a"
    with pytest.raises(CheckpointError, match="bytes that are not written as latin1"):
        read(b"\x80\x02c_codecs\nencode\n" + arguments + b"\x86R.")
