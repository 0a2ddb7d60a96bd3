"""The command of the units stage: fit, jobs, finish; MFCC, then a layer of a trained model."""

from pathlib import Path

import pytest
import yaml
from oracles.tone_corpus import write_tone_dump

from espnet_av.bin import units
from espnet_av.data.units import read_units


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
