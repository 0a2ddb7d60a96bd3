"""The command of the units stage: fit, jobs, finish; MFCC, then a layer of a trained model."""

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from oracles import avhubert, masked_audio
from oracles.layer_features import features_of
from oracles.tone_corpus import write_tone_dump

from espnet_av.bin import units
from espnet_av.config import build, save_yaml, to_dict
from espnet_av.data.batch import collate
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.data.unit_set import read_units, write_units
from espnet_av.train.config import TrainConfig
from espnet_av.train.loading import load_experiment


@pytest.fixture
def root(tmp_path) -> Path:
    write_tone_dump(tmp_path / "train", 8, seed=1)
    write_tone_dump(tmp_path / "valid", 3, seed=2)
    (tmp_path / "units.yaml").write_text("num_units: 4\nshard_utts: 3\nkmeans: {n_init: 1}\n")
    return tmp_path


def arguments(root: Path, *more: str, out="units") -> list[str]:
    sets = ["--sets", str(root / "train"), str(root / "valid")]
    train = ["--train_dir", str(root / "train")]
    return ["--config", str(root / "units.yaml"), *sets, *train, str(root / out), *more]


def test_fit_jobs_finish(root, capsys):
    units.main(arguments(root, "--fit"))
    assert capsys.readouterr().out == f"{root}/train -> {root}/units/codebook: 4 centres\n"
    for job in ("1", "2"):
        units.main(arguments(root, "--job", job, "--num_jobs", "2"))
    units.main(arguments(root, "--finish"))
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{root}/train -> {root}/units/train: 8 utterances, perplexity ")
    assert read_units(root / "units" / "valid").rate_hz == 100
    assert yaml.safe_load((root / "units" / "provenance.yaml").read_text())["seed"] == 0
    assert "num_units: 4" in (root / "units" / "config.yaml").read_text()


def test_jobs_before_the_fit(root):
    with pytest.raises(SystemExit, match=r"DataDirError: .*centres.npy: no such file; .*--fit"):
        units.main(arguments(root))


def test_experiment_and_configuration_must_agree(root):
    with pytest.raises(SystemExit, match="features: mfcc uses no model: leave out --exp_dir"):
        units.main(arguments(root, "--exp_dir", "exp"))
    model = ("--override", "features=model", "--override", "layer=1")
    with pytest.raises(SystemExit, match="features: model needs a pre-trained model"):
        units.main(arguments(root, *model))
    with pytest.raises(SystemExit, match="no trained model"):
        units.main(arguments(root, *model, "--exp_dir", str(root / "exp")))


def write_experiment(folder: Path, kind: str) -> Path:
    """A pre-trained experiment with random weights."""
    conf, made = {
        "avhubert": (avhubert.config(), avhubert.model()),
        "wav2vec2": (masked_audio.wav2vec2_config(), masked_audio.model("wav2vec2")),
    }[kind]
    config = build(
        TrainConfig,
        {
            "model": kind,
            "model_conf": to_dict(conf),
            "dataset": {"video_crop": 16},
            "best_model_criterion": [["valid", "loss", "min"]],
            "average": 0,
        },
    )
    folder.mkdir()
    save_yaml(config, folder / "config.yaml")
    torch.save(made.state_dict(), folder / "valid.loss.best.pth")
    if kind == "avhubert":
        about = {"rate_hz": 25, "checksum": "0", "source": {}}
        write_units(folder, {}, num_units=avhubert.NUM_UNITS, **about)
    return folder


@pytest.mark.parametrize(
    ("kind", "modality", "rate"), [("avhubert", "AV", 25), ("wav2vec2", "A", 50)]
)
def test_units_of_a_layer_of_a_trained_model(root, kind, modality, rate):
    exp = write_experiment(root / "exp", kind)
    model = ("features=model", "layer=2", f"modality={modality}", "batch_frames=60")
    options = [word for value in model for word in ("--override", value)]
    for step in (["--fit"], ["--num_jobs", "1"], ["--finish"]):
        units.main(arguments(root, *options, "--exp_dir", str(exp), *step))
    labels = read_units(root / "units" / "train")
    assert labels.rate_hz == rate
    expected = {"features": "model", "experiment": "exp", "checkpoint": "valid.loss.best.pth"}
    assert expected.items() < labels.source.items()
    assert labels.source["layer"] == 2 and len(labels.source["weights_sha256"]) == 64
    # One utterance at a time, without padding: the same labels.
    trained, _, _ = load_experiment(exp)
    centres = torch.from_numpy(np.load(root / "units" / "codebook" / "centres.npy"))
    dataset = AVDataset(root / "train", None, DatasetConfig(video_crop=16, modalities=modality))
    for sample in (dataset[number] for number in range(len(dataset))):
        batch = collate([sample])
        with torch.no_grad():
            features, lengths = features_of(
                trained,
                batch.speech,
                batch.speech_lengths,
                batch.video,
                batch.video_lengths,
                layer=2,
            )
        assert len(sample.speech) * rate // 16000 == lengths.item()
        best = torch.cdist(features[0], centres).argmin(1)
        assert labels.labels(sample.utt_id).tolist() == best.tolist()


def test_layers_and_weights_that_are_not_there(root):
    exp = write_experiment(root / "exp", "avhubert")
    model = ["--override", "features=model", "--exp_dir", str(exp), "--fit"]
    with pytest.raises(SystemExit, match=r"ConfigError: .*layer"):
        units.main(arguments(root, "--override", "layer=3", *model))
    named = ["--override", "layer=2", *model, "--checkpoint", "last.pth"]
    with pytest.raises(SystemExit, match=r"CheckpointError: .*last.pth: no such checkpoint"):
        units.main(arguments(root, *named))
