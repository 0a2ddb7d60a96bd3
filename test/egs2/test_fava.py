"""run_fava.sh: what each way to the audio-visual transducer trains, and one table of them all."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from espnet_av.config import build, load_config
from espnet_av.models import MODELS
from espnet_av.train.config import TrainConfig

ROOT = Path(__file__).resolve().parents[2]
RECIPES = [ROOT / "egs2" / name / "avsr1" for name in ("mini_av", "grid")]
NOTE = '#!/usr/bin/env bash\nprintf "%s " "${0##*/}" "$@" >>calls; echo >>calls\n'

pytestmark = pytest.mark.parametrize("source", RECIPES, ids=["mini_av", "grid"])


@pytest.fixture
def recipe(tmp_path: Path, source: Path) -> Path:
    """The scripts with an av.sh and a Python that only note how they were called."""
    (tmp_path / "utils").symlink_to(ROOT / "utils")
    for name in ("run_fava.sh", "fava.sh", "run_fava_comparison.sh"):
        shutil.copy(source / name, tmp_path / name)
    (tmp_path / "path.sh").write_text('PATH="${PWD}/bin:${PATH}"\n', encoding="utf-8")
    (tmp_path / "bin").mkdir()
    for program in ("av.sh", "bin/python3"):
        (tmp_path / program).write_text(NOTE, encoding="utf-8")
        (tmp_path / program).chmod(0o755)
    return tmp_path


def run(recipe: Path, *words: str) -> tuple[int, str, list[str]]:
    """Status, errors and what was called."""
    (recipe / "calls").unlink(missing_ok=True)
    result = subprocess.run(
        ["bash", *words], cwd=recipe, capture_output=True, text=True, check=False
    )
    calls = (recipe / "calls").read_text(encoding="utf-8") if (recipe / "calls").exists() else ""
    return result.returncode, result.stderr, calls.splitlines()


def option(call: str, name: str) -> str:
    """Value of an option; the last one, as in av.sh."""
    found = re.findall(rf"--{name} (.*?)(?= --(?!override)|$)", call)
    return found[-1].strip() if found else ""


def test_three_ways_to_one_model(recipe: Path) -> None:
    calls = {
        system: run(recipe, "./run_fava.sh", "--system", system, "--seed", "7")[2]
        for system in ("scratch", "bestrq", "convert")
    }
    assert {system: [option(call, "tag") for call in found] for system, found in calls.items()} == {
        "scratch": ["fava_scratch_s7"],
        "bestrq": ["fava_bestrq_s7"],
        "convert": ["fava_audio_s7", "fava_convert_s7"],
    }
    (scratch,), (bestrq,), (audio, convert) = calls.values()
    starts = [[option(c, name) for name in ("ssl_config", "ssl_tag")] for c in (scratch, bestrq)]
    assert starts == [["", ""], ["conf/train_bestrq.yaml", ""]]
    assert option(convert, "ssl_tag") == "fava_audio_s7"
    told = {option(call, "train_args") for call in (scratch, bestrq, convert)}
    assert told == {"--override seed=7"}
    assert (option(audio, "modes"), option(audio, "missing_video")) == ("A", "")
    assert option(convert, "modes") == "A AV"
    # BEST-RQ may come before the recogniser of sound, and does not train in its place.
    words = ["--system", "convert", "--ssl_config", "conf/train_bestrq.yaml"]
    audio, convert = run(recipe, "./run_fava.sh", *words)[2]
    assert (option(audio, "ssl_config"), option(audio, "ssl_tag")) == (words[-1], "")
    assert (option(convert, "ssl_config"), option(convert, "ssl_tag")) == ("", "fava_audio_s1")


def test_configurations_are_one_model_with_and_without_eyes(recipe: Path, source: Path) -> None:
    audio, convert = run(recipe, "./run_fava.sh", "--system", "convert")[2]
    models = []
    for call in (audio, convert):
        told = re.findall(r"--override (\S+)", option(call, "train_args"))
        config = load_config(TrainConfig, source / option(call, "train_config"), told)
        config_class, model_class = MODELS[config.model]
        model_config = build(config_class, config.model_conf, call)
        model = model_class.from_config(model_config, vocab_size=20, num_units=9)
        models.append({name: p.shape for name, p in model.named_parameters()})
        assert config.dataset.modalities == ("A" if call == audio else "AV")
    heard, seen = models
    assert {name: seen.get(name) for name in heard} == heard
    new = {name.rpartition(".")[0] for name in seen.keys() - heard.keys()}
    assert all(
        name.startswith(("frontend.visual.", "frontend.fusion.", "frontend_heads.")) for name in new
    )
    config = load_config(TrainConfig, source / "conf/train_bestrq.yaml")
    config_class, model_class = MODELS[config.model]
    model = model_class.from_config(build(config_class, config.model_conf, "ssl"))
    kept = {n: p.shape for n, p in model.named_parameters() if not n.startswith("codes_head.")}
    assert {name: seen.get(name) for name in kept} == kept
    # Neither has weights, and both must hear alike; masking of fine-tuning is its own.
    told = load_config(TrainConfig, source / "conf/train_fava.yaml").model_conf
    heard_conf = {k: v for k, v in told["audio_frontend_conf"].items() if k != "spec_augment"}
    assert config.model_conf["audio_frontend_conf"] == heard_conf


def test_options_are_passed_on(recipe: Path) -> None:
    words = ["--stage", "9", "--train_args", "--override max_steps=5", "--seed", "3"]
    (call,) = run(recipe, "./run_fava.sh", *words)[2]
    assert option(call, "train_args") == "--override max_steps=5 --override seed=3"
    assert option(call, "stage") == "9"
    assert "middle:0.7" in option(call, "missing_video").split()
    tagged = run(recipe, "./run_fava.sh", "--system", "convert", "--tag", "long")[2]
    assert [option(call, "tag") for call in tagged] == ["long_audio_s1", "long_convert_s1"]
    assert option(tagged[1], "ssl_tag") == "long_audio_s1"
    _, errors, calls = run(recipe, "./run_fava.sh", "--system", "usm")
    assert not calls and "There is no --system 'usm'" in errors
    assert run(recipe, "./run_fava.sh", "--seed")[0] == 1


def test_every_experiment_of_the_table_is_trained_once(recipe: Path) -> None:
    code, errors, calls = run(recipe, "./run_fava_comparison.sh", "--seeds", "1 5", "--jobs", "1")
    assert code == 0, errors
    data, tokens, bestrq, *trained, table, converted = calls
    assert option(data, "stop_stage") == "3" and option(tokens, "stage") == "8"
    assert (option(bestrq, "ssl_config"), option(bestrq, "stop_stage")) == (
        "conf/train_bestrq.yaml",
        "4",
    )
    tags = [option(call, "tag") for call in trained]
    assert len(tags) == len(set(tags)) == 8
    assert {option(call, "stop_stage") for call in trained} == {"11"}
    compared = [
        re.findall(r"exp/(\w+)/decode_transducer/scores.json", t) for t in (table, converted)
    ]
    assert {tag for names in compared for tag in names} == set(tags)
    assert set(compared[1]) == {tag for tag in tags if "audio" in tag or "convert" in tag}
    assert converted.startswith("python3 -m espnet_av.bin.compare --system sound alone exp/")
    assert table.startswith("python3 -m espnet_av.bin.compare --system from scratch exp/")
