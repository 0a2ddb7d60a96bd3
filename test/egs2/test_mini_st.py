"""Speech translation in small: every stage on a few sentences, and what the lists say."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from list_plans import check_config, commands, start, trainings

from espnet_av.config import build, load_config
from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.corpora.mini_av.script import write_script, write_texts
from espnet_av.models import MODELS
from espnet_av.models.abs_model import Sizes
from espnet_av.train.config import TrainConfig
from espnet_av.train.freezing import FrozenParts

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/st1"
ENCODERS = ("scratch", "ssl", "samu", "ctc")
LEARNS = ("adapters", "full")


@pytest.fixture(scope="module")
def found() -> list[str]:
    return commands(RECIPE / "run.sh")


def test_encoders_times_what_learns_multilingual_and_zero_shot(found: list[str]) -> None:
    made = trainings(found)
    for way in ("st", "zero"):
        for encoder in ENCODERS:
            for learns in LEARNS:
                command = made[f"{way}_{encoder}_{learns}_s1"]
                own = "" if encoder == "scratch" else f"none/exp/{encoder}_s1,"
                told = f"init_param=[{own}downloads/texts/decoder/decoder.pth]"
                assert told in command and "dataset.target_lang=en" in command
                assert f"conf/train_st_{learns}.yaml" in command
                shown = "train_high" if way == "zero" else "train_high_train_mid_train_low"
                assert f"--train_dir none/dump/{shown} " in command
                valid = "valid_high" if way == "zero" else "valid"
                assert f"--valid_dir none/dump/{valid} " in command
    assert start(made["samu_s1"]) == start(made["ctc_s1"]) == "ssl_s1"
    assert len(made) == 3 + 2 * len(ENCODERS) * len(LEARNS)
    for command in made.values():
        check_config(command, RECIPE)


def test_vectors_are_made_before_the_dump_and_ceiling_and_cascade_are_rows(
    found: list[str],
) -> None:
    verbs = [match[1] for line in found if (match := re.search(r"espnet_av\.bin\.(\w+)", line))]
    assert verbs.index("vectors") < verbs.index("dump")
    translated = [line for line in found if "bin.translate " in line]
    assert len(translated) == 2 and "--of none/exp/ctc_s1/words " in translated[1]
    tables = [line for line in found if "bin.compare" in line]
    assert len(tables) == 2 and "none/exp/transcripts/bleu/scores.json" in tables[0]


def made_model(name: str) -> tuple[TrainConfig, Any]:
    config = load_config(TrainConfig, RECIPE / f"conf/train_{name}.yaml")
    config_class, model_class = MODELS[config.model]
    model = model_class.from_config(
        build(config_class, config.model_conf, name), Sizes(vocab=60, units=100)
    )
    return config, model


@pytest.mark.parametrize("kind", ["", "_av"])
def test_weights_go_from_one_to_the_next(kind: str) -> None:
    """All of the encoder and its front ends, from pre-training to translation."""
    names = (f"ssl{kind}", f"samu{kind}", "st_av" if kind else "st_adapters")
    _, *later = [made_model(name)[1].state_dict() for name in names]
    for state in later:
        own = {n for n in later[0] if n.startswith(("frontend.", "encoder."))}
        assert own <= state.keys() and all(state[n].shape == later[0][n].shape for n in own)


def test_adapters_are_what_learns_of_the_encoder() -> None:
    config, model = made_model("st_adapters")
    FrozenParts(model, config.freeze_param, config.keep_param)
    learning = {name for name, p in model.named_parameters() if p.requires_grad}
    assert {n for n in learning if n.startswith("encoder.")} == {
        n for n, _ in model.named_parameters() if "_adapter." in n
    }
    assert not [n for n in learning if "self_attn" in n or "feed_forward" in n or "embed.0" in n]
    full, model = made_model("st_full")
    FrozenParts(model, full.freeze_param, full.keep_param)
    assert all(p.requires_grad for p in model.parameters())
    assert config.max_steps == full.max_steps and config.dataset == full.dataset


@pytest.mark.parametrize("name", ["corpus", "corpus_av"])
def test_what_is_tested_is_never_shown_nor_written(name: str) -> None:
    config = load_config(MiniAvConfig, RECIPE / f"conf/{name}.yaml")
    lines = write_script(config)
    tested = {line.texts["en"] for line in lines if line.split == "test"}
    trained = {line.texts["en"] for line in lines if line.split == "train"}
    assert tested.isdisjoint(trained) and len(trained) == 9 * config.num_train
    assert tested.isdisjoint({sentence["en"] for sentence in write_texts(config)})
    assert len(config.langs) == 9 and "en" not in config.langs
    groups = yaml.safe_load((RECIPE / "expected_scores.yaml").read_text(encoding="utf-8"))["groups"]
    assert sorted(lang for names in groups.values() for lang in names) == sorted(
        f"test/{lang}" for lang in config.langs
    )


def read(name: str) -> Any:
    return yaml.safe_load((RECIPE / name).read_text(encoding="utf-8"))


SHORT = {"max_steps": 2, "valid_interval_steps": 2, "save_interval_steps": 2, "max_utts": 4}
STEPS = {"steps": 3, "batch_size": 4}
SIZES = {"num_layers": 1, "attention_heads": 2, "linear_units": 16}
KEPT = ("ssl", "samu", "ctc", "zero_samu_adapters")


def write_configs(folder: Path) -> None:
    """The recipe's own, smaller still."""
    corpus = read("conf/corpus.yaml") | {"num_train": 4, "num_valid": 1, "num_test": 2}
    corpus |= {"num_texts": 40, "langs": ["fr", "it", "pt"]}
    texts = read("conf/texts_models.yaml") | {"size": 16, "num_pieces": 160, "num_held_out": 5}
    texts |= {"attention_heads": 2, "linear_units": 16, "teacher": STEPS, "translator": STEPS}
    texts |= {"translator_layers": 1}
    configs = {"corpus": corpus, "texts_models": texts}
    configs["units_mfcc"] = {"num_units": 4, "kmeans": {"n_init": 1, "max_iter": 2}}
    for name in ("ssl", "samu", "ctc", "st_adapters"):
        config = read(f"conf/train_{name}.yaml") | SHORT
        model = config["model_conf"]
        model |= {"feature_size": 16, "encoder_conf": model["encoder_conf"] | SIZES}
        if "vector_size" in model:
            model["vector_size"] = 16
        if "decoder_conf" in model:
            small = {"size": 16, "attention_heads": 2, "linear_units": 16, "num_blocks": 1}
            model["decoder_conf"] |= small
            model["encoder_conf"]["adapter_size"] = 4
        configs[f"train_{name}"] = config
    text = (RECIPE / "conf/experiments.yaml").read_text(encoding="utf-8")
    listed = yaml.safe_load(text.replace("downloads/texts", f"{folder}/texts"))
    listed["experiments"] = {n: listed["experiments"][n] for n in KEPT}
    for entry in listed["experiments"].values():
        for key in ("config", "units_config"):
            if key in entry:
                entry[key] = str(folder / Path(entry[key]).name)
    listed["tables"] = {f"{folder}/zero.md": {"rows": {"zero_samu_adapters": "z", "cascade": "c"}}}
    expected = {"scoring": {"metric": "bleu"}, "derived": {"trfgap": "high - low"}}
    expected["groups"] = {"high": ["test/fr"], "mid": ["test/it"], "low": ["test/pt"]}
    configs |= {"experiments": listed, "expected_scores": expected}
    for name, config in configs.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")


def run(folder: Path) -> str:
    options = {n: str(folder / n.removesuffix("dir")) for n in ("datadir", "dumpdir", "expdir")}
    data = f"--corpus_config {folder}/corpus.yaml --corpusdir {folder}/corpus --nj 1"
    data += f" --texts_config {folder}/texts_models.yaml --textsdir {folder}/texts"
    data += " --num_mid 2 --num_low 1"
    options |= {"experiments": f"{folder}/experiments.yaml", "local_data_opts": data}
    options |= {"teacher": f"{folder}/texts/teacher", "nj": "1", "decode_nj": "1"}
    options |= {"num_processes": "1", "expected_scores": f"{folder}/expected_scores.yaml"}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    result = subprocess.run(
        [RECIPE / "run.sh", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    logs = "\n".join(p.read_text(errors="replace")[-900:] for p in folder.rglob("*.log"))
    assert result.returncode == 0, result.stdout + logs
    return result.stdout


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_from_nothing_to_scores(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    write_configs(tmp_path)
    run(tmp_path)
    exp = tmp_path / "exp"
    scores = json.loads((exp / "zero_samu_adapters_s1/bleu/scores.json").read_text())
    assert {r["axes"]["set"] for r in scores["derived"]} == {"high", "mid", "low", "trfgap"}
    cascade = json.loads((exp / "cascade_s1/bleu/test/A_clean/decode.json").read_text())
    assert cascade["translated_from"] == str(exp / "ctc_s1/words") and cascade["num_utts"] == 6
    assert "not recorded" in (exp / "transcripts/bleu/RESULTS.md").read_text()
    retrieval = json.loads((exp / "samu_s1/retrieval/scores.json").read_text())
    told = {record["axes"]["direction"] for record in retrieval["conditions"]}
    assert {"speech to text", "speech to speech"} <= told
    floor = json.loads((exp / "ssl_s1/retrieval/scores.json").read_text())
    told = {record["axes"]["direction"] for record in floor["conditions"]}
    assert told == {"speech to speech", "speech to speech of other languages"}
    # What is frozen is what it came from, to the last byte.
    before = torch.load(next((exp / "samu_s1").glob("valid.cosine_macro*.pth")), weights_only=True)
    frozen = torch.load(exp / "zero_samu_adapters_s1/frozen.pth", weights_only=True)
    encoder = {n: t for n, t in frozen.items() if n.startswith("encoder.")}
    assert encoder and all(t.equal(before[n]) for n, t in encoder.items())
    again = run(tmp_path)
    assert "run.pl" not in again and "up to date" in again
