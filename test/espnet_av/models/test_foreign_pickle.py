"""Foreign pickles are read as data, and what they ask to be run is not run."""

import collections
import copyreg
import io
import os
import pickle
import struct
import zipfile

import pytest
import torch
from oracles import fairseq_shape
from torch import nn

from espnet_av.errors import CheckpointError
from espnet_av.models.foreign_pickle import (
    ForeignObject,
    ForeignUnpickler,
    TensorRecord,
    as_plain,
)
from espnet_av.models.torch_file import open_torch_file


def read(data):
    return ForeignUnpickler(io.BytesIO(data), "evil.pt").read()


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


def payloads(marker):
    """Name of what is refused -> something that makes the folder `marker` when it is loaded."""
    make = f"__import__('os').mkdir({str(marker)!r})"
    return {
        "posix.system": Call(os.system, f"mkdir {marker}"),
        "posix.mkdir": Call(os.mkdir, str(marker)),
        "builtins.eval": Call(eval, make),
        "builtins.exec": Call(exec, make),
        "builtins.getattr": Call(getattr, Call(__import__, "os"), "mkdir"),
        "torch.storage._load_from_bytes": Call(
            torch.storage._load_from_bytes, pickle.dumps(Call(os.mkdir, str(marker)))
        ),
        "torch.hub.load": Call(torch.hub.load, str(marker), "x"),
        "torch._utils._rebuild_device_tensor_from_numpy": Call(
            torch._utils._rebuild_device_tensor_from_numpy, None, None, None, False
        ),
    }


@pytest.mark.parametrize("name", payloads("x"))
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_calls_are_refused_by_name(name, protocol, tmp_path):
    marker = tmp_path / "ran"
    # In the middle of what looks like a checkpoint.
    data = pickle.dumps({"model": {}, "cfg": [payloads(marker)[name]]}, protocol=protocol)
    first = "builtins.__import__" if name == "builtins.getattr" and protocol else name
    with pytest.raises(CheckpointError, match=r"evil\.pt: its pickle asks for") as refused:
        read(data)
    assert {first, name} & set(str(refused.value).replace(",", "").split())
    assert not marker.exists()


def test_the_payloads_do_run_elsewhere(tmp_path):
    for name in ("posix.mkdir", "builtins.eval", "builtins.exec"):
        marker = tmp_path / name
        pickle.loads(pickle.dumps(payloads(marker)[name]))
        assert marker.exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_whole_files_are_refused_before_any_tensor_is_read(zipped, tmp_path):
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    content = {"model": {"w": torch.ones(3)}, "task_state": Call(os.mkdir, str(marker))}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    refused = pytest.raises(CheckpointError, match=r"posix\.mkdir.*nothing was run")
    with refused, open_torch_file(path):
        pytest.fail("opened")
    assert not marker.exists()


def test_first_pickle_of_an_old_file_is_read_as_carefully(tmp_path):
    path, marker = tmp_path / "model.pt", tmp_path / "ran"
    path.write_bytes(pickle.dumps(Call(os.mkdir, str(marker)), protocol=2))
    with pytest.raises(CheckpointError, match=r"posix\.mkdir"), open_torch_file(path):
        pytest.fail("opened")
    assert not marker.exists()


def test_opcodes_that_name_things_otherwise(tmp_path):
    marker = tmp_path / "ran"
    instance = b"(S'" + str(marker).encode() + b"'\niposix\nmkdir\n."
    with pytest.raises(CheckpointError, match=r"posix\.mkdir"):
        read(instance)
    copyreg.add_extension("posix", "mkdir", 250)
    try:
        by_number = b"\x80\x02" + pickle.EXT1 + bytes([250]) + b"(X\x01\x00\x00\x00xtR."
        with pytest.raises(CheckpointError, match="class by number"):
            read(by_number)
    finally:
        copyreg.remove_extension("posix", "mkdir", 250)
    dotted = b"\x80\x04\x8c\x02os\x8c\x06system\x93."
    with pytest.raises(CheckpointError, match=r"os\.system"):
        read(dotted)
    assert not marker.exists()


def test_foreign_names_are_inert_whatever_they_are(tmp_path):
    """Nothing of fairseq is imported, even if the pickle calls its functions."""
    marker = tmp_path / "ran"
    text = str(marker).encode()
    data = b"\x80\x02cfairseq.utils\nos.mkdir\nX" + struct.pack("<I", len(text)) + text + b"\x85R."
    made = read(data)
    assert isinstance(made, ForeignObject)
    assert made.type_name == "fairseq.utils.os.mkdir"
    assert made.args == (str(marker),)
    assert not marker.exists()


@pytest.mark.parametrize(
    "stolen",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n",
        b"ccollections\nOrderedDict\n",
        b"cfairseq.tasks\nThing\n",
        b"ctorch\nFloatStorage\n",
    ],
)
def test_functions_and_classes_cannot_be_changed(stolen):
    """BUILD on a function or class would replace its defaults or methods."""
    with pytest.raises(CheckpointError, match="cannot be understood"):
        read(b"\x80\x02" + stolen + b"}X\x0c\x00\x00\x00__defaults__Nsb.")
    assert torch._utils._rebuild_tensor_v2.__defaults__ == (None,)
    assert collections.OrderedDict([(1, 2)]) == {1: 2}


def test_objects_hold_state_and_do_nothing():
    with fairseq_shape.fairseq_installed():
        data = pickle.dumps(fairseq_shape.Dictionary(["0", "1"]), protocol=2)
    made = read(data)
    assert type(made).__name__ == "Dictionary"
    assert made.type_name == "fairseq.data.dictionary.Dictionary"
    assert made.state["symbols"] == ["<s>", "<pad>", "</s>", "<unk>", "0", "1"]
    assert not hasattr(made, "__dict__")


def test_containers_and_old_bytes():
    ordered = collections.OrderedDict(a=1)
    ordered.note = "kept by pickle"
    content = {
        "o": ordered,
        "d": collections.defaultdict(list, {"x": [1]}),
        "s": {1, 2},
        "f": frozenset([3]),
        "b": b"\xff\x00",
        "t": (None, True, 1.5, 10**30),
    }
    assert read(pickle.dumps(content, protocol=2)) == {**content, "o": {"a": 1}, "d": {"x": [1]}}


@pytest.mark.parametrize("kind", ["namespace", "omegaconf", "dataclass", "dict"])
@pytest.mark.parametrize("zipped", [True, False])
def test_configuration_of_every_age(kind, zipped, tmp_path):
    if kind == "omegaconf":
        pytest.importorskip("omegaconf")
    config = {"model": {"_name": "x", "sizes": [1, [2]], "rate": 0.5, "none": None, "on": True}}
    path = fairseq_shape.save(
        tmp_path / "m.pt", {"w": torch.ones(1)}, config, kind=kind, zipped=zipped
    )
    with open_torch_file(path) as file:
        found = as_plain(file.content["cfg"] or file.content["args"])
    assert found == (config["model"] if kind == "namespace" else config)


def test_configuration_that_refers_to_itself_ends():
    loop = {}
    loop["again"] = loop
    with pytest.raises(CheckpointError, match="nested without end"):
        as_plain(read(pickle.dumps(loop)))
    laughs = []
    for _ in range(40):
        laughs = [laughs, laughs]
    with pytest.raises(CheckpointError, match="too large"):
        as_plain(read(pickle.dumps(laughs)))


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


def craft(path, record, numel=4, data=b"\0" * 16, compress=zipfile.ZIP_STORED):
    """A zip of torch.save whose one tensor is (offset, size, stride) of a storage."""
    offset, size, stride = record

    class Pickler(pickle._Pickler):
        def persistent_id(self, obj):
            return ("storage", torch.FloatStorage, "0", "cpu", numel) if obj == "STORE" else None

    stream = io.BytesIO()
    rebuild = Call(
        torch._utils._rebuild_tensor_v2,
        "STORE",
        offset,
        size,
        stride,
        False,
        collections.OrderedDict(),
    )
    Pickler(stream, 2).dump({"w": rebuild})
    with zipfile.ZipFile(path, "w", compress) as archive:
        archive.writestr("m/data.pkl", stream.getvalue())
        archive.writestr("m/data/0", data)
    return path


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


def test_numbers_in_the_pickle_do_not_allocate_memory():
    huge_memo = b"\x80\x02K\x01r\xff\xff\xff\x7f."
    assert read(huge_memo) == 1
    with pytest.raises(CheckpointError, match="cut short"):
        read(b"\x80\x04\x8e" + struct.pack("<Q", 2**40) + b"x.")


def test_records_are_plain():
    assert TensorRecord._fields == ("storage", "offset", "size", "stride")


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
