"""One utterance opened up for a picture: sound, lips, label probabilities, attention.

`text_example.py` writes it; reading it needs no model.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from espnet_av.errors import DataDirError, raise_machine_fault
from espnet_av.predict.condition import decode_again

EXAMPLE = "example.npz"


def read_example(path: Path) -> dict[str, np.ndarray]:
    """Arrays of what `write_example` wrote.

    Raises:
        DataDirError: it is missing, damaged, or lacks what is always there.
    """
    try:
        with np.load(path) as arrays:
            found = dict(arrays)
        found["utt_id"], found["tokens"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise_machine_fault(error, path)
        msg = f"{path}: missing or damaged ({' '.join(str(error).split())[:80]}); "
        raise DataDirError(msg + decode_again(path.parent)) from error
    return found
