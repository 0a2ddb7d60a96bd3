"""Foreign pickles are read as data, and what they ask to be run is not run."""

import collections
import copyreg
import io
import os
import pickle
import struct

import pytest
import torch
from oracles import fairseq_shape
from oracles.crafted_pickle import Call

from espnet_av.errors import CheckpointError
from espnet_av.models.conversion.foreign_object import ForeignObject, as_plain
from espnet_av.models.conversion.foreign_pickle import ForeignUnpickler, TensorRecord
from espnet_av.models.conversion.torch_file import open_torch_file


def read(data):
    return ForeignUnpickler(io.BytesIO(data), "evil.pt").read()


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
    text = b"S'" + str(marker).encode() + b"'\n"
    instance = b"(" + text + b"iposix\nmkdir\n."
    of_class = b"(cfairseq.tasks\nThing\n" + text + b"o."
    with_names = b"\x80\x04cfairseq.tasks\nThing\n(" + text + b"t}\x92."
    for data in (instance, of_class, with_names):
        with pytest.raises(CheckpointError, match="cannot be understood"):
            read(data)
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
    plain = {**content, "o": {"a": 1}, "d": {"x": [1]}, "s": [1, 2], "f": [3]}
    for protocol in (0, 2, 4):
        assert read(pickle.dumps(content, protocol=protocol)) == plain
    counted = collections.Counter("aab")
    assert read(pickle.dumps(counted, protocol=2)) == {"a": 2, "b": 1}
    keys = {None: 1, 2: 3, 0.5: 4, True: 5, ("now", "%Y"): 6}
    assert read(pickle.dumps(keys, protocol=2)) == keys


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
    with pytest.raises(CheckpointError, match="a number of 5001 bits"):
        as_plain({"layers": 2**5000})


def test_records_are_plain():
    assert TensorRecord._fields == ("storage", "offset", "size", "stride")
