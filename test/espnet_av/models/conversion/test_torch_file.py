"""Files of torch.save: what was saved is read, and a damaged or crafted file is an error."""

import struct
import zipfile

import pytest
import torch
from oracles.crafted_pickle import craft
from torch import nn

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.torch_file import open_torch_file


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_are_those_that_were_saved(zipped, tmp_path):
    base = torch.arange(12.0).view(3, 4)
    saved = {
        "base": base,
        "view": base.t()[1:],
        "half": torch.randn(2, 2).half(),
        "bf16": torch.randn(3).bfloat16(),
        "int": torch.tensor(7),
        "bool": torch.tensor([True, False]),
        "empty": torch.zeros(0, 3),
        "parameter": nn.Parameter(torch.ones(2)),
    }
    torch.save({"model": saved}, tmp_path / "m.pt", _use_new_zipfile_serialization=zipped)
    with open_torch_file(tmp_path / "m.pt") as file:
        got = file.tensors(file.content["model"])
    assert got.keys() == saved.keys()
    for name, tensor in got.items():
        assert tensor.dtype == saved[name].dtype
        assert torch.equal(tensor, saved[name].detach())
    got["base"][1, 1] = -1.0
    assert got["view"][0, 1] == -1.0, "one storage"


def tensors_of(path):
    with open_torch_file(path) as file:
        return file.tensors(file.content)


def test_crafted_file_is_read_where_it_is_sound(tmp_path):
    path = craft(tmp_path / "m.pt", (1, (3,), (1,)))
    assert tensors_of(path)["w"].shape == (3,)


@pytest.mark.parametrize(
    "record",
    [
        (0, (10**15,), (1,)),
        (0, (10**9, 10**9), (0, 0)),
        (3, (2,), (1,)),
        (-1, (2,), (1,)),
        (0, (2,), (-1,)),
        (0, (2, 2), (1,)),
        (0, 2, 1),
        ("0", (2,), (1,)),
        (0, (0, 2**70), (1, 1)),
        (0, (1,), (2**70,)),
        (0, (1,) * 65, (1,) * 65),
    ],
)
def test_tensors_larger_than_their_storage_are_refused(record, tmp_path):
    with pytest.raises(CheckpointError, match="w does not fit into its storage"):
        tensors_of(craft(tmp_path / "m.pt", record))


def test_storages_of_another_size_than_announced(tmp_path):
    with pytest.raises(CheckpointError, match="16 bytes, not as its pickle says"):
        tensors_of(craft(tmp_path / "m.pt", (0, (2,), (1,)), numel=10**12))
    with pytest.raises(CheckpointError, match="compressed"):
        tensors_of(
            craft(
                tmp_path / "z.pt", (0, (2,), (1,)), data=bytes(10**6), compress=zipfile.ZIP_DEFLATED
            )
        )


def rewrite_directory(path, change):
    """Rewrite the directory at the end of a zip; `change` gets each entry as a bytearray."""
    data = path.read_bytes()
    start = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entries = [bytearray(b"PK\x01\x02" + e) for e in data[start:end].split(b"PK\x01\x02")[1:]]
    for entry in entries:
        change(entry)
    path.write_bytes(data[:start] + b"".join(entries) + data[end:])


def test_zips_that_are_larger_inside_than_outside(tmp_path):
    path = craft(tmp_path / "m.pt", (0, (2,), (1,)), data=bytes(2000))

    def enlarge(entry):
        if entry[46:].startswith(b"m/data/0"):
            entry[20:28] = struct.pack("<II", 10**6, 10**6)

    rewrite_directory(path, enlarge)
    with pytest.raises(CheckpointError, match="larger inside than outside"):
        tensors_of(path)


def test_zips_with_two_members_of_one_name(tmp_path):
    path = craft(tmp_path / "m.pt", (0, (2,), (1,)))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("m/data/0", bytes(16))
    with pytest.raises(CheckpointError, match="two members have one name"):
        tensors_of(path)


def test_zips_in_which_nothing_but_one_member_is_compressed(tmp_path):
    path = craft(tmp_path / "m.pt", (0, (2,), (1,)))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/data/1", b"x")
    with pytest.raises(CheckpointError, match=r"m/data/1 is compressed"):
        tensors_of(path)


@pytest.mark.parametrize("zipped", [True, False])
def test_truncated_files(zipped, tmp_path):
    path = tmp_path / "m.pt"
    torch.save({"model": {"w": torch.ones(500)}}, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    for share in (0.3, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with (
            pytest.raises(CheckpointError, match="damaged or cut short"),
            open_torch_file(path) as f,
        ):
            f.tensors(f.content["model"])


def test_crafted_zips(tmp_path):
    whole = craft(tmp_path / "m.pt", (0, (2,), (1,))).read_bytes()
    directory = whole.rindex(b"PK\x01\x02")
    encrypted = bytearray(whole)
    encrypted[directory + 8] |= 1
    shorter = bytearray(whole)
    shorter[directory + 20 : directory + 24] = struct.pack("<I", 8)
    name = bytearray(whole)
    name[directory + 9] |= 8
    name[directory + 46] = 0xFF
    for crafted in (encrypted, shorter, name):
        (tmp_path / "m.pt").write_bytes(crafted)
        with pytest.raises(CheckpointError, match=r"m\.pt: .*damaged or cut short"):
            tensors_of(tmp_path / "m.pt")


def test_errors_of_those_who_read_are_their_own(tmp_path):
    path = craft(tmp_path / "m.pt", (0, (2,), (1,)))
    with pytest.raises(FileNotFoundError, match="other"), open_torch_file(path):
        raise FileNotFoundError("other")


def test_files_of_other_kinds(tmp_path):
    with pytest.raises(CheckpointError, match="no such file"), open_torch_file(tmp_path / "x.pt"):
        pass
    (tmp_path / "a.txt").write_text("hello")
    refused = pytest.raises(CheckpointError, match=r"no file of torch\.save")
    with refused, open_torch_file(tmp_path / "a.txt"):
        pass
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(CheckpointError, match=r"no data\.pkl"), open_torch_file(tmp_path / "b.zip"):
        pass
    torch.save([1, 2], tmp_path / "c.pt")
    refused = pytest.raises(CheckpointError, match="holds no state dict")
    with refused, open_torch_file(tmp_path / "c.pt") as file:
        file.tensors(file.content)
