"""Fields that a model cannot train without, and data that lack them."""

from __future__ import annotations

import pytest
from oracles.toy_training import ToyDataset, ToyModel

from espnet_av.errors import DataDirError
from espnet_av.train.fields import check_fields


class Reader(ToyModel):
    def __init__(self, *fields):
        super().__init__()
        self.fields = frozenset(fields)

    @property
    def reads(self):
        return self.fields


@pytest.mark.parametrize(
    ("field", "cure"),
    [
        ("speech", "wav.scp"),
        ("units", "--units_dir"),
        ("image", r"its table image\.scp"),
        ("image_id", "of other kinds of data"),
        ("film", r"film\.scp"),
    ],
)
def test_what_is_not_there(field, cure):
    sets = {"training set": ToyDataset(0), "validation set": ToyDataset()}
    with pytest.raises(DataDirError, match=f"validation set: u0 has no {field}, .*{cure}"):
        check_fields(Reader("video", field), sets)


def test_what_is_there():
    check_fields(Reader("video", "text"), {"training set": ToyDataset()})
