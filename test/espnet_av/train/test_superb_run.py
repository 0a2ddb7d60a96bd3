"""SUPERB through the programs: a head on a finished experiment, what it predicts, its scores."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
import torch
from oracles import bestrq
from oracles.pretraining_run import train_arguments
from oracles.tiny_run import write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.config import save_yaml, to_dict
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.tokenizer import train_tokenizer
from espnet_av.score.bootstrap import Resampling
from espnet_av.score.scorers import score_condition
from espnet_av.score.scoring import Scoring
from espnet_av.speech2text import Speech2Text
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import default_checkpoint, load_experiment, read_train_config

CONF = Path(__file__).resolve().parents[3] / "egs2/superb/probe1/conf/tiny"
CLASSES = ("activate|lights|kitchen", "bring|juice|none", "increase|volume|none")
METRICS = {
    "ks": ("accuracy",),
    "ic": ("accuracy",),
    "pr": ("per", "wer"),
    "sd": ("der", "der_lowest"),
}
FIELDS = {"ks": "label", "ic": "label", "pr": "text", "sd": "activity"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Sets with words, slots, phones and turns, their tokens, and a model below."""
    root = tmp_path_factory.mktemp("superb")
    for name, count in (("train", 8), ("valid", 4)):
        for kind in ("ks", "ic"):
            dump = root / kind / "dump" / name
            write_tiny_dump(dump, count, seed=len(name))
            data = read_data_dir(dump)
            tables = {key: dict(rows) for key, rows in data.tables.items()}
            values = ("up", "down", "_silence_") if kind == "ks" else CLASSES
            tables["utt2label"] = {u: values[i % 3] for i, u in enumerate(data.utt_ids)}
            tables["rttm"] = dict.fromkeys(data.utt_ids, "0 0.2 ann 0.12 0.2 bob")
            tables["text"] = {
                u: " ".join(np.random.default_rng(i).choice(["AA1", "B", "SIL"], 2))
                for i, u in enumerate(data.utt_ids)
            }
            write_data_dir(dump, tables)
    texts = read_data_dir(root / "ks/dump/train").tables["text"].values()
    train_tokenizer(texts, root / "tokens", "word", 0)
    below = root / "below"
    config = TrainConfig(model="bestrq", model_conf=to_dict(bestrq.config()))
    below.mkdir()
    save_yaml(config, below / "config.yaml")
    torch.save(bestrq.model().state_dict(), below / default_checkpoint(config))
    return root


@pytest.mark.timeout(120)
@pytest.mark.parametrize("task", ["ks", "ic", "pr", "sd"])
def test_a_head_is_trained_and_scored(task, folders, tmp_path):
    exp, root = tmp_path / "exp", folders / ("ic" if task == "ic" else "ks")
    options = train_arguments(root, CONF / f"train_{task}.yaml", units=False)
    changes = ["max_steps=2", "valid_interval_steps=1", "log_interval_steps=1", "max_utts=4"]
    for change in (*changes, f"upstream={folders / 'below'}"):
        options += ["--override", change]
    options += ["--token_dir", str(folders / "tokens")] if task == "pr" else []
    assert train_bin.main([*options, str(exp)]) == 0, (exp / "train.log").read_text()
    model, config, _ = load_experiment(exp)
    start = bestrq.model().state_dict()
    assert all(torch.equal(model.upstream.state_dict()[name], start[name]) for name in start)
    path = exp / default_checkpoint(read_train_config(exp))
    small = torch.load(path, weights_only=True)
    assert not [name for name in small["state_dict"] if name.startswith("upstream.")]
    assert (exp / "frozen.pth").is_file() and config.upstream == str(folders / "below")

    if task == "pr":
        with wave.open(str(tmp_path / "a.wav"), "wb") as sound:
            sound.setparams((1, 2, 16000, 0, "NONE", ""))
            sound.writeframes(np.random.default_rng(0).integers(-99, 99, 16000, np.int16))
        heard = Speech2Text.from_pretrained(exp)(audio_path=tmp_path / "a.wav", mode="av")
        assert isinstance(heard.text, str)

    search = tmp_path / "decode.yaml"
    search.write_text("method: ctc_greedy\n")
    options = ["--config", str(search), "--exp_dir", str(exp), "--modes", "A"]
    decode_bin.main([*options, "--sets", str(root / "dump/valid"), "--", str(tmp_path / "found")])
    folder = tmp_path / "found/valid/A_clean"
    for metric in METRICS[task]:
        scored = score_condition(folder, Scoring(metric=metric))
        figure = scored.figures(list(scored.refs), Resampling(2, 0), scored.variants[0])[metric]
        assert figure["rate"] >= 0.0 and figure["num_utts"] == 4
