"""Pickles and files of torch.save that nobody's program writes."""

import collections
import io
import pickle
import zipfile

import torch


class Call:
    """Pickles as a call."""

    def __init__(self, function, *args):
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


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
