"""Fingerprints: the values that finished work was marked with, whatever way a content is cut."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from espnet_av.fingerprint import (
    SHORT,
    file_fingerprint,
    fingerprint,
    number_of,
    place_of,
    sha1_of,
)

OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
"""SHA-256 of `abc`, test vector of FIPS 180-2."""


def test_parts_are_hashed_one_after_another(tmp_path: Path) -> None:
    assert fingerprint(["abc"]) == OF_ABC
    assert fingerprint(part for part in (b"a", "", "b", np.frombuffer(b"c", "u1").data)) == OF_ABC
    assert fingerprint(["abc"], SHORT) == OF_ABC[:16]
    assert fingerprint(["ä"]) == hashlib.sha256("ä".encode()).hexdigest()
    assert fingerprint([]) == hashlib.sha256().hexdigest()
    file = tmp_path / "weights.pth"
    file.write_bytes(b"abc")
    assert file_fingerprint(file) == OF_ABC
    assert file_fingerprint(file, 8) == "ba7816bf"


def test_names_have_places_and_numbers() -> None:
    assert place_of("abc").hex() == OF_ABC
    assert number_of("abc") == 0xBA7816BF8F01CFEA
    assert sorted("abcdef", key=place_of) == list("dfcbea")


def test_sha1_of_a_name() -> None:
    assert sha1_of("abc") == 0xA9993E364706816ABA3E25717850C26C9CD0D89D
