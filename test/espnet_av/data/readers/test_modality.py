"""What is read alone has to be everywhere; of a pair either may be missing."""

from __future__ import annotations

from typing import Any

import pytest

from espnet_av.data.readers.modality import ModalityReader
from espnet_av.data.readers.speech import SpeechReader
from espnet_av.data.readers.video import VideoReader
from espnet_av.errors import DataDirError

TABLES = {
    "utt2spk": {"both": "s", "heard": "s", "seen": "s"},
    "wav.scp": {"both": "a:1", "heard": "a:2"},
    "video.scp": {"both": "v:1", "seen": "v:2"},
}


@pytest.mark.parametrize(
    ("reader", "lacking"),
    [(SpeechReader, {"A": ["seen"], "V": [], "AV": []}),
     (VideoReader, {"A": [], "V": ["heard"], "AV": []})],
)  # fmt: skip
def test_training_leaves_out_what_lacks_it(
    reader: type[ModalityReader], lacking: dict[str, list[str]], make_request: Any
) -> None:
    for modalities, expected in lacking.items():
        asked = make_request(TABLES, modalities=modalities, partial=True)
        assert [drop.utt_id for drop in reader(asked).lacking(())] == expected
        if expected:
            with pytest.raises(DataDirError, match=f"mode {modalities} cannot decode them"):
                reader(make_request(TABLES, modalities=modalities)).lacking(())
