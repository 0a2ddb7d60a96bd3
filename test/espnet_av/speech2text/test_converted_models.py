"""Recognisers of other projects, converted, and asked for text without any configuration."""

from __future__ import annotations

import pytest
import yaml
from oracles.avhubert_fairseq import CONFIG, DECODER, finetuned, text_task
from oracles.espnet_asr import make

from espnet_av.bin import convert
from espnet_av.models.avsr.convert import convert as convert_finetuned
from espnet_av.models.conversion.foreign_checkpoint import read_foreign_checkpoint
from espnet_av.models.espnet_asr import EspnetExperiment
from espnet_av.pack import pack_model
from espnet_av.roi.config import RoiConfig
from espnet_av.speech2text import Speech2Text
from espnet_av.train.longest import read_longest

ROI = RoiConfig(tracker="fixed", size=96, encoding="jpeg")


@pytest.fixture(scope="module")
def av_hubert(tmp_path_factory):
    """A fine-tuned AV-HuBERT, which has an attention decoder and no CTC."""
    root = tmp_path_factory.mktemp("avhubert")
    config = {"model": {**DECODER, "w2v_args": CONFIG}, "task": {"max_sample_size": 500}}
    finetuned(root / "ft.pt", config, task=text_task())
    arguments = ["--family", "avhubert_finetuned", str(root / "ft.pt"), str(root / "exp")]
    convert.main(arguments)
    return root / "exp"


@pytest.mark.parametrize("mode", ["av", "a", "v"])
def test_av_hubert_transcribes_from_folder_and_zip(av_hubert, packed_run, mode):
    film = packed_run.film("s1-one")
    found = Speech2Text.from_pretrained(av_hubert, roi=ROI)(video_path=film, mode=mode)
    assert read_longest(av_hubert) == 20.0
    pack_model(av_hubert, av_hubert.parent / "m.zip", roi=ROI)
    assert Speech2Text.from_pretrained(av_hubert.parent / "m.zip")(film, mode=mode) == found
    assert len(found.passages[0].texts) == 1


@pytest.mark.parametrize("ctc_weight", [0.0, 0.3, 1.0])
def test_espnet_transcribes_by_what_it_has(ctc_weight, tmp_path, packed_run):
    decoder = "transformer" if ctc_weight < 1 else None
    changes = {"decoder": decoder, "model_conf": {"ctc_weight": ctc_weight}}
    make(tmp_path, steps=0, normalize="utterance_mvn", **changes)
    shapes = tmp_path / "exp/stats/train/speech_shape"
    shapes.parent.mkdir(parents=True)
    shapes.write_text("a 16000\nb 56000\nc 8000\n")
    config = tmp_path / "exp/asr/config.yaml"
    content = yaml.safe_load(config.read_text())
    content["train_shape_file"] = ["exp/stats/train/speech_shape", "exp/stats/train/text_shape"]
    config.write_text(yaml.safe_dump(content))
    convert.main(["--family", "espnet_asr", str(tmp_path / "exp/asr"), str(tmp_path / "ours")])
    assert read_longest(tmp_path / "ours") == 3.5
    recogniser = Speech2Text.from_pretrained(tmp_path / "ours")
    expected = {0.0: ("joint", 0.0), 0.3: ("joint", 0.3), 1.0: ("ctc_prefix", 0.3)}[ctc_weight]
    assert (recogniser.decode.method, recogniser.decode.ctc_weight) == expected
    pack_model(tmp_path / "ours", tmp_path / "m.zip", roi=ROI)
    film = packed_run.film("s1-one")
    assert Speech2Text.from_pretrained(tmp_path / "m.zip")(film, mode="a") == recogniser(
        film, mode="a"
    )


@pytest.mark.parametrize("shapes", ["a 300,80\n", "", None])
def test_lengths_that_espnet_does_not_tell(shapes, tmp_path):
    if shapes is not None:
        (tmp_path / "speech_shape").write_text(shapes)
    for noted in ([str(tmp_path / "speech_shape")], [], None, "x"):
        config = {"train_shape_file": noted}
        assert EspnetExperiment(tmp_path / "exp/asr/x.pth", config, {}).longest_sec is None


@pytest.mark.parametrize("limit", [None, 2**31, 0, "500", 10**9])
def test_limits_that_are_none(limit, tmp_path):
    config = {"model": {**DECODER, "w2v_args": CONFIG}, "task": {"max_sample_size": limit}}
    _, path = finetuned(tmp_path / "ft.pt", config)
    assert convert_finetuned(read_foreign_checkpoint(path)).longest_sec is None
