"""A head learns from stored states as from computed ones, and only from those of its own model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from oracles import bestrq
from oracles.tiny_run import write_tiny_dump

from espnet_av.bin import decode as decode_bin
from espnet_av.bin import train as train_bin
from espnet_av.config import load_config, save_yaml, to_dict
from espnet_av.data.batch import collate
from espnet_av.data.data_dir import read_data_dir, write_data_dir
from espnet_av.data.dataset import AVDataset
from espnet_av.data.dataset_config import DatasetConfig
from espnet_av.errors import DataDirError
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.models.superb.probe import ProbeModel
from espnet_av.train.config import TrainConfig
from espnet_av.train.initialisation import initialise
from espnet_av.train.loading import build_model, default_checkpoint
from espnet_av.train.stored_states import check_states
from espnet_av.train.upstream import with_upstream

CONF = Path(__file__).resolve().parents[3] / "egs2/superb/probe1/conf/tiny"
WORDS = ("up", "down", "_silence_")


def write_below(folder: Path, seed: int) -> Path:
    config = TrainConfig(model="bestrq", model_conf=to_dict(bestrq.config()))
    folder.mkdir()
    save_yaml(config, folder / "config.yaml")
    torch.save(bestrq.model(seed).state_dict(), folder / default_checkpoint(config))
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sets with labels and turns, two models below, and the states of the first."""
    root = tmp_path_factory.mktemp("stored")
    for name, count in (("train", 8), ("valid", 4)):
        dump = root / "dump" / name
        write_tiny_dump(dump, count, seed=len(name))
        data = read_data_dir(dump)
        labels = {u: WORDS[i % 3] for i, u in enumerate(data.utt_ids)}
        turns = dict.fromkeys(data.utt_ids, "0 0.2 ann 0.12 0.2 bob")
        write_data_dir(dump, {**data.tables, "utt2label": labels, "rttm": turns})
    for seed in (0, 1):
        write_below(root / f"below{seed}", seed)
    (root / "decode.yaml").write_text("{}\n", encoding="utf-8")
    options = ["--config", str(root / "decode.yaml"), "--exp_dir", str(root / "below0")]
    options += ["--kind", "states", "--modes", "A", "--sets"]
    options += [str(root / "dump" / name) for name in ("train", "valid")]
    decode_bin.main([*options, "--", str(root / "states")])
    return root


def config_of(task: str, root: Path, **model_conf: Any) -> TrainConfig:
    changes = [f"model_conf.{name}={str(value).lower()}" for name, value in model_conf.items()]
    changes.append(f"upstream={root / 'below0'}")
    config = load_config(TrainConfig, CONF / f"train_{task}.yaml", changes)
    return with_upstream(config, root / "nowhere")


def head(config: TrainConfig) -> ProbeModel:
    torch.manual_seed(0)
    model = build_model(config, None)
    initialise(model, config.init_param, False)
    assert isinstance(model, ProbeModel)
    return model.train()


def all_of(folder: Path, model: ProbeModel, config: TrainConfig, field: str) -> dict[str, Any]:
    """A whole set as one batch, with sound or with stored states."""
    reads = {field, model.learns_from}
    rate = model.feature_rate
    dataset = AVDataset(folder, None, config.dataset, train=True, frame_hz=rate, reads=reads)
    batch = collate([dataset[index] for index in range(len(dataset))]).as_dict()
    assert ("states" in batch) != ("speech" in batch)
    return batch


@pytest.mark.parametrize("task", ["ks", "sd"])
@pytest.mark.parametrize("normalise", [False, True])
def test_losses_are_those_of_computed_states(task: str, normalise: bool, root: Path) -> None:
    config = config_of(task, root, states="stored", normalise_states=normalise)
    model = head(config)
    stored = all_of(root / "states/train/A_clean", model, config, "states")
    heard = all_of(root / "dump/train", model, config, "speech")
    computed = model._computed(heard)
    rounded = {**heard, "states": computed[0].half(), "states_lengths": computed[1]}
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer, found = torch.optim.Adam(learning, 1e-2), []
    for _ in range(10):
        losses = []
        for batch in (stored, rounded, heard):
            optimizer.zero_grad()
            loss = model(**batch)[0]
            loss.backward()
            losses.append((loss.item(), model.state_weights.grad.clone()))
        # The same numbers, but for the batches in which they were computed; then what rounding to
        # float16, by 2 ** -12 on average, does to a loss.
        assert losses[0][0] == pytest.approx(losses[1][0], rel=1e-4)
        assert losses[0][0] == pytest.approx(losses[2][0], rel=1e-3)
        assert torch.allclose(losses[0][1], losses[2][1], rtol=0.02, atol=1e-4)
        optimizer.step()
        found.append(losses[0][0])
    assert found[-1] < found[0]


def test_the_model_below_does_not_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = config_of("ks", root, states="stored")
    model = head(config)

    def run(*_: Any) -> None:
        msg = "the model below was run"
        raise AssertionError(msg)

    monkeypatch.setattr(model.upstream, "extract_features", run)
    assert model.reads == {"states", "label"} and model.predicts_from == {"speech"}
    assert model(**all_of(root / "states/train/A_clean", model, config, "states"))[0] > 0


def train(root: Path, exp: Path, below: str, valid: str, *changes: str) -> int:
    options = ["--config", str(CONF / "train_ks.yaml")]
    options += ["--train_dir", str(root / "states/train/A_clean"), "--valid_dir", str(root / valid)]
    told = ("max_steps=2", "valid_interval_steps=1", "model_conf.states=stored", *changes)
    for change in (*told, f"upstream={root / below}"):
        options += ["--override", change]
    return train_bin.main([*options, str(exp)])


@pytest.mark.timeout(120)
def test_training_on_stored_states_and_tests_on_sound(root: Path, tmp_path: Path) -> None:
    exp = tmp_path / "exp"
    assert train(root, exp, "below0", "states/valid/A_clean") == 0, (exp / "train.log").read_text()
    options = ["--config", str(root / "decode.yaml"), "--exp_dir", str(exp), "--modes", "A"]
    decode_bin.main([*options, "--sets", str(root / "dump/valid"), "--", str(tmp_path / "found")])
    assert (tmp_path / "found/valid/A_clean/label").is_file()


def test_states_of_another_model_are_refused(root: Path, tmp_path: Path) -> None:
    assert train(root, tmp_path, "below1", "states/valid/A_clean") == 1
    log = (tmp_path / "train.log").read_text(encoding="utf-8")
    assert "has the states of other weights than the model below this head" in log


def test_a_set_without_states_is_refused(root: Path, tmp_path: Path) -> None:
    assert train(root, tmp_path, "below0", "dump/valid") == 1
    log = (tmp_path / "train.log").read_text(encoding="utf-8")
    assert "states.scp: no such file, but the model learns from stored states" in log


def test_other_states_of_the_same_model_are_refused(root: Path, tmp_path: Path) -> None:
    told = json.loads((root / "states/train/A_clean/decode.json").read_text(encoding="utf-8"))
    told["states"] = [1, 2]
    (tmp_path / "decode.json").write_text(json.dumps(told), encoding="utf-8")
    model = head(config_of("ks", root, states="stored"))
    check_states(model, [root / "states/train/A_clean", tmp_path / "foreign"])
    with pytest.raises(DataDirError, match=r"has other states .*\(\[1, 2\], needed: \[0, 1, 'out"):
        check_states(model, [tmp_path])


def test_states_that_do_not_fit(root: Path) -> None:
    config = config_of("ks", root, states="stored")
    model = head(config)
    wrong = torch.zeros(1, 5, 2, 8, dtype=torch.float16)
    batch = {"states": wrong, "states_lengths": torch.tensor([5]), "label": torch.tensor([0])}
    with pytest.raises(DataDirError, match="the batch: 2 states of 8 numbers, but BestRQModel"):
        model(**batch)


def test_models_without_frozen_ones_pass() -> None:
    config = bestrq.config()
    model = MODELS["bestrq"][1].from_config(config, Sizes())
    check_states(model, [Path("nowhere")])
    assert DatasetConfig().speeds == (1.0,)
