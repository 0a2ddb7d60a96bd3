"""A byte that has changed in a file of torch.save is found, wherever it is."""

from __future__ import annotations

import pytest
import torch

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.archive_check import verify_checksums
from espnet_av.models.conversion.torch_file import open_torch_file

WEIGHTS = {"w": torch.linspace(0, 1, 20), "v": torch.arange(12.0).view(3, 4)}


def flipped(path, position, bit=3):
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[position] ^= 1 << bit
    path.write_bytes(data)


def first_number_of(path):
    """Where the numbers of `w` begin."""
    return path.read_bytes().index(WEIGHTS["w"].numpy().tobytes())


def test_a_whole_file_has_checksums(tmp_path):
    torch.save(WEIGHTS, tmp_path / "m.pth")
    assert verify_checksums(tmp_path / "m.pth") is True


@pytest.mark.parametrize("bit", [0, 3, 7])
def test_wherever_a_bit_changes_it_is_found_or_does_not_matter(bit, tmp_path):
    path = tmp_path / "m.pth"
    torch.save(WEIGHTS, path)
    whole, num_found = path.read_bytes(), 0
    for position in range(bit, len(whole), 11):
        path.write_bytes(whole)
        flipped(path, position, bit)
        try:
            verify_checksums(path)
            read = torch.load(path, weights_only=True, mmap=True)
        except CheckpointError as error:
            assert str(error).startswith(f"{path}: cannot be read (")
            assert "damaged or cut short, copy it again" in str(error)
            num_found += 1
        except Exception:  # torch itself refuses what zipfile forgives
            num_found += 1
        else:
            assert all(torch.equal(read[key], value) for key, value in WEIGHTS.items()), position
    assert num_found > len(whole) // 11 // 3


def test_the_cure_is_that_of_the_caller(tmp_path):
    torch.save(WEIGHTS, tmp_path / "m.pth")
    flipped(tmp_path / "m.pth", first_number_of(tmp_path / "m.pth"))
    with pytest.raises(CheckpointError, match=r"m\.pth.*Bad CRC-32.* damaged or cut short, pray$"):
        verify_checksums(tmp_path / "m.pth", "pray")


def test_files_without_checksums_are_said_to_have_none(tmp_path):
    torch.save(WEIGHTS, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert verify_checksums(tmp_path / "old.pth") is False
    torch.serialization.set_crc32_options(False)
    try:
        torch.save(WEIGHTS, tmp_path / "m.pth")
    finally:
        torch.serialization.set_crc32_options(True)
    assert verify_checksums(tmp_path / "m.pth") is False
    with open_torch_file(tmp_path / "m.pth") as file:
        assert torch.equal(file.tensors(file.content)["v"], WEIGHTS["v"])


def test_a_changed_byte_is_found_where_a_file_is_read_as_data(tmp_path):
    path = tmp_path / "m.pth"
    torch.save(WEIGHTS, path)
    flipped(path, first_number_of(path) + 40)
    with pytest.raises(CheckpointError, match="Bad CRC-32"), open_torch_file(path) as file:
        file.tensors(file.content)


def test_files_of_other_kinds(tmp_path):
    with pytest.raises(FileNotFoundError):
        verify_checksums(tmp_path / "none.pth")
    for content in (b"", b"hello", b"PK\x03\x04", b"\0" * 100):
        (tmp_path / "m.pth").write_bytes(content)
        with pytest.raises(CheckpointError, match=r"m\.pth: cannot be read .*damaged or cut"):
            verify_checksums(tmp_path / "m.pth")
