"""Recognisers of other projects, converted, and asked for text without any configuration."""

from __future__ import annotations

import pytest
from oracles.avhubert_fairseq import finetuned, text_task
from oracles.espnet_asr import make

from espnet_av.bin import convert
from espnet_av.media.roi_config import RoiConfig
from espnet_av.pack import pack_model
from espnet_av.speech2text import Speech2Text

ROI = RoiConfig(tracker="fixed", size=96, encoding="jpeg")


@pytest.fixture(scope="module")
def av_hubert(tmp_path_factory):
    """A fine-tuned AV-HuBERT, which has an attention decoder and no CTC."""
    root = tmp_path_factory.mktemp("avhubert")
    finetuned(root / "ft.pt", task=text_task())
    arguments = ["--family", "avhubert_finetuned", str(root / "ft.pt"), str(root / "exp")]
    convert.main(arguments)
    return root / "exp"


@pytest.mark.parametrize("mode", ["av", "a", "v"])
def test_av_hubert_transcribes_from_folder_and_zip(av_hubert, packed_run, mode):
    film = packed_run.film("s1-one")
    found = Speech2Text.from_pretrained(av_hubert, roi=ROI)(video_path=film, mode=mode)
    pack_model(av_hubert, av_hubert.parent / "m.zip", roi=ROI)
    assert Speech2Text.from_pretrained(av_hubert.parent / "m.zip")(film, mode=mode) == found
    assert len(found.passages[0].texts) == 1


@pytest.mark.parametrize("ctc_weight", [0.0, 0.3, 1.0])
def test_espnet_transcribes_by_what_it_has(ctc_weight, tmp_path, packed_run):
    decoder = "transformer" if ctc_weight < 1 else None
    changes = {"decoder": decoder, "model_conf": {"ctc_weight": ctc_weight}}
    make(tmp_path, steps=0, normalize="utterance_mvn", **changes)
    convert.main(["--family", "espnet_asr", str(tmp_path / "exp/asr"), str(tmp_path / "ours")])
    recogniser = Speech2Text.from_pretrained(tmp_path / "ours")
    expected = {0.0: ("joint", 0.0), 0.3: ("joint", 0.3), 1.0: ("ctc_prefix", 0.3)}[ctc_weight]
    assert (recogniser.decode.method, recogniser.decode.ctc_weight) == expected
    pack_model(tmp_path / "ours", tmp_path / "m.zip", roi=ROI)
    film = packed_run.film("s1-one")
    assert Speech2Text.from_pretrained(tmp_path / "m.zip")(film, mode="a") == recogniser(
        film, mode="a"
    )
