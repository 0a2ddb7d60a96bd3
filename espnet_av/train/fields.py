"""Whether the data have what a model reads."""

from __future__ import annotations

from collections.abc import Mapping

from espnet_av.data.batch import collate
from espnet_av.data.fields import FIELDS
from espnet_av.errors import DataDirError
from espnet_av.models.abs_model import AVModel
from espnet_av.train.step_batch import UtteranceDataset

_CURES = {
    "speech": "give the corpus a wav.scp, and leave dataset.modalities at AV or A",
    "video": "give the corpus mouth clips (stage 2), and leave dataset.modalities at AV or V",
    "text": "pass --token_dir (stage 8 makes it)",
    "units": (
        "run the units stage (5) and pass its folder (--units_dir), or take the labels of a ctm "
        "(dataset.frame_labels: true)"
    ),
}

_NO_TABLE = "its reader makes it of other kinds of data; add those"


def check_fields(model: AVModel, sets: Mapping[str, UtteranceDataset]) -> None:
    """Check, before the first step, that each set has what the model cannot train without.

    Args:
        model: with what it `reads`.
        sets: name -> data; the first utterance of each is read.

    Raises:
        DataDirError: a field is not there.
    """
    for name, dataset in sets.items():
        if not dataset.utt_ids:
            continue
        there = collate([dataset.sample(0, epoch=0, step=0)]).as_dict()
        for field in sorted(model.reads - there.keys()):
            tables = next((table.name for table in FIELDS[field].tables), "")
            cure = _CURES.get(field, f"add its table {tables} to the data" if tables else _NO_TABLE)
            msg = (
                f"{name}: {dataset.utt_ids[0]} has no {field}, and {type(model).__name__} cannot "
                f"be trained without; {cure}"
            )
            raise DataDirError(msg)
