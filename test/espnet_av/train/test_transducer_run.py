"""A transducer through the programs: trained, turned audio-visual, decoded, packed, used."""

from __future__ import annotations

import json

import pytest
import torch
from oracles.films import write_film
from oracles.tiny_run import TINY_CONFIG

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.pack import pack_model
from espnet_av.roi.config import RoiConfig
from espnet_av.search.decode_config import DecodeConfig
from espnet_av.speech2text import Speech2Text
from espnet_av.train.loading import load_experiment, read_weights

ROI = RoiConfig(tracker="fixed", size=20)
SEARCH = DecodeConfig(method="transducer_beam", beam_size=3, nbest=2)
AUDIO = {"visual_frontend": "none", "visual_frontend_conf": {}, "fusion": "none"}
OWN_RATES = [
    {"prefix": "frontend.audio.", "lr_scale": 0.3, "warmup_steps": 5},
    {"prefix": "encoder.", "lr_scale": 0.3, "warmup_steps": 5},
]


@pytest.fixture(scope="module")
def experiments(tiny_run, tmp_path_factory):
    """An audio-only transducer, and the audio-visual one that begins with its weights."""
    root = tmp_path_factory.mktemp("transducer")
    conf = {**TINY_CONFIG["model_conf"], "predictor_conf": {"hidden_size": 8}, "joint_size": 8}
    short = {"model": "transducer", "max_steps": 2, "average": 1}

    def train(name, **changes):
        config = tiny_run.config(f"{name}.yaml", **short, **changes)
        arguments = ["--config", str(config), *tiny_run.arguments, str(root / name)]
        assert train_bin.main(arguments) == 0, (root / name / "train.log").read_text()
        return root / name

    audio = train("audio", model_conf={**conf, **AUDIO}, param_groups=OWN_RATES)
    loss = {"transducer_loss": "pruned", "transducer_loss_conf": {"warmup_steps": 1}}
    both = train(
        "both",
        model_conf={**conf, **loss, "fusion": "sum"},
        init_param=[str(audio)],
        param_groups=OWN_RATES,
    )
    return audio, both


def test_the_second_run_begins_with_the_first(experiments):
    audio, both = experiments
    weights = read_weights(audio / "valid.loss.ave_1best.pth")
    log = (both / "train.log").read_text()
    assert f"init_param {audio}: {len(weights)} matched, " in log
    assert " 0 unexpected, 0 of another shape" in log
    model = load_experiment(both)[0]
    assert any(
        not torch.equal(weights[k], v) for k, v in model.state_dict().items() if k in weights
    )


def test_it_is_decoded_packed_and_used(experiments, tiny_run, tmp_path):
    _, exp = experiments
    (tmp_path / "decode.yaml").write_text("method: transducer_beam\nbeam_size: 3\nnbest: 2\n")
    arguments = ["--config", str(tmp_path / "decode.yaml"), "--exp_dir", str(exp)]
    valid = str(tiny_run.root / "dump" / "valid")
    decode_bin.main([*arguments, "--sets", valid, "--modes", "AV", "--", str(tmp_path / "out")])
    folder = tmp_path / "out" / "valid" / "AV_clean"
    records = [json.loads(line) for line in (folder / "nbest.jsonl").read_text().splitlines()]
    assert [len(record["nbest"]) for record in records] == [2] * 5
    write_film(tmp_path / "film.mp4", 0, 23)
    pack_model(exp, tmp_path / "model.zip", roi=ROI, decode=SEARCH)
    packed = Speech2Text.from_pretrained(tmp_path / "model.zip")
    transcript = packed(video_path=tmp_path / "film.mp4")
    assert len(transcript.nbest) == 2
    unpacked = Speech2Text.from_pretrained(exp, decode=SEARCH, roi=ROI)
    assert unpacked(video_path=tmp_path / "film.mp4") == transcript
    assert Speech2Text.from_pretrained(exp, roi=ROI).decode.method == "transducer_beam"
