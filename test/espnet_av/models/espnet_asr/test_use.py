"""From an experiment of ESPnet to an audio-visual one: convert, train, decode, by the commands."""

import shutil

import pytest
import torch
import yaml
from oracles.tiny_run import LETTERS

from espnet_av.bin import convert, decode, tokens
from espnet_av.bin import train as train_bin
from espnet_av.config import build
from espnet_av.models.abs_model import Sizes
from espnet_av.models.avsr import AVSRConfig, AVSRModel
from espnet_av.models.espnet_asr.key_rules import WITH_ATTENTION
from espnet_av.predict.text import time_words
from espnet_av.search.hypothesis import Hypothesis
from espnet_av.train.loading import load_experiment

ENCODER = {
    "output_size": 8,
    "attention_heads": 2,
    "linear_units": 8,
    "num_blocks": 1,
    "rel_pos_type": "latest",
}
CONFIG = {
    "frontend": "default",
    "frontend_conf": {"fs": "16k", "n_mels": 20},
    "normalize": "utterance_mvn",
    "encoder": "conformer",
    "encoder_conf": ENCODER,
    "decoder": None,
    "model_conf": {"ctc_weight": 1.0},
    "token_type": "char",
    "token_list": ["<blank>", "<unk>", "<space>", *LETTERS, "<sos/eos>"],
}


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """A converted recogniser with random weights; 31.25 frames a second."""
    folder = tmp_path_factory.mktemp("use")
    conf = {
        "audio_frontend": "espnet",
        "audio_frontend_conf": {"n_mels": 20},
        "visual_frontend": "none",
        "fusion": "none",
        "feature_size": 8,
        "encoder_conf": {**ENCODER, "input_layer": "none"},
    }
    torch.manual_seed(0)
    size = len(CONFIG["token_list"])
    weights = AVSRModel.from_config(build(AVSRConfig, conf), Sizes(vocab=size)).state_dict()
    names = WITH_ATTENTION.inverted()
    (folder / "asr").mkdir()
    theirs = {names.places(name)[0][0]: value for name, value in weights.items()}
    torch.save(theirs, folder / "asr/valid.acc.ave.pth")
    (folder / "asr/config.yaml").write_text(yaml.safe_dump(CONFIG))
    convert.main(["--family", "espnet_asr", str(folder / "asr"), str(folder / "ours")])
    return folder / "ours"


def train(tiny_run, converted, token_dir, exp):
    """The exit code of a training of two steps with lips."""
    changes = {
        "init_param": f"[{converted}]",
        "model_conf.visual_frontend_conf": "{width: 2}",
        "dataset.video_crop": "16",
        "dataset.num_utts": "6",
        "max_steps": "2",
        "average": "0",
        "num_workers": "0",
        "num_threads": "1",
    }
    dump = tiny_run.root / "dump"
    arguments = ["--config", str(converted / "train_av.yaml"), "--token_dir", str(token_dir)]
    arguments += ["--train_dir", str(dump / "train"), "--valid_dir", str(dump / "valid")]
    for key, value in changes.items():
        arguments += ["--override", f"{key}={value}"]
    return train_bin.main([*arguments, str(exp)])


def test_training_with_lips_then_decoding(tiny_run, converted, tmp_path):
    exp = tmp_path / "exp"
    assert train(tiny_run, converted, converted / "tokens", exp) == 0
    log = (exp / "train.log").read_text()
    heard = len(torch.load(converted / "valid.loss.best.pth", weights_only=True))
    assert f"{heard} matched" in log
    model, config, _ = load_experiment(exp)
    assert (config.model_conf["fusion"], model.feature_rate) == ("sum", 31.25)
    assert model.frontend.fusion.project.weight.abs().sum() > 0
    (tmp_path / "decode.yaml").write_text("method: ctc_greedy\n")
    arguments = ["--config", str(tmp_path / "decode.yaml"), "--exp_dir", str(exp)]
    sets = ["--sets", str(tiny_run.root / "dump/valid"), "--modes", "V", "AV"]
    decode.main([str(tmp_path / "out"), *arguments, *sets])
    made = {path.name for path in (tmp_path / "out/valid").iterdir()}
    assert made == {"V_clean", "AV_clean"}
    assert all(len((tmp_path / f"out/valid/{name}/text").read_text().split("\n")) == 6
               for name in made)  # fmt: skip


def test_words_are_timed_by_the_frames_of_the_sound(converted):
    model, _, tokenizer = load_experiment(converted)
    frames = torch.zeros(10, 8)
    token = tokenizer.encode("a")[0]
    with torch.no_grad():
        model.ctc.ctc_lo.weight.zero_()
        model.ctc.ctc_lo.bias.zero_()
        model.ctc.ctc_lo.weight[token, 0] = 9.0
        model.ctc.ctc_lo.weight[0, 1] = 9.0
        frames[:, 1] = 1.0
        frames[4:6] = torch.eye(8)[0]
        found = [Hypothesis(tokens=[token], score=0.0, parts={})]
        word = time_words(model, frames, found, tokenizer)[0]
    assert word.start == pytest.approx(4 / 31.25)
    assert word.end == pytest.approx(6 / 31.25)


def test_other_tokens_stop_the_training(tiny_run, converted, tmp_path, caplog):
    assert train(tiny_run, converted, tiny_run.root / "tokens", tmp_path / "exp") == 1
    error = next(record for record in caplog.records if record.levelname == "ERROR")
    assert "it has 12 tokens as wanted, but others; token 3 is 'a' there" in error.getMessage()
    assert f"--token_dir {converted}/tokens" in error.getMessage()


def test_its_tokens_are_not_overwritten(tiny_run, converted, tmp_path):
    shutil.copytree(converted, tmp_path / "exp")
    before = (tmp_path / "exp/tokens/tokens.txt").read_text()
    with pytest.raises(SystemExit, match=r"exp/tokens: are the tokens of an experiment.*stage 8"):
        tokens.main([str(tiny_run.root / "dump/train"), str(tmp_path / "exp/tokens")])
    assert (tmp_path / "exp/tokens/tokens.txt").read_text() == before


def test_an_experiment_that_another_release_of_espnet_named(converted, tmp_path):
    """The front end was ESPnet's own module once, whose names changed."""
    shutil.copytree(converted, tmp_path / "later")
    path = tmp_path / "later/valid.loss.best.pth"
    weights = torch.load(path, weights_only=True)
    part = "frontend.audio.embed.out."
    later = {name.replace(part + "0.", part): value for name, value in weights.items()}
    assert later.keys() != weights.keys()
    torch.save(later, path)
    model, _, _ = load_experiment(tmp_path / "later")
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())
