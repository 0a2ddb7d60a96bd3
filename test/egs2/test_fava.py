"""run_fava.sh: what each way to the audio-visual transducer trains, and one table of them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from list_plans import check_config, commands, overrides, start, trainings

from espnet_av.config import build
from espnet_av.models import MODELS
from espnet_av.models.abs_model import NO_SIZES, Sizes

ROOT = Path(__file__).resolve().parents[2]
RECIPES = [ROOT / "egs2" / name / "avsr1" for name in ("mini_av", "grid")]

pytestmark = pytest.mark.parametrize("source", RECIPES, ids=["mini_av", "grid"])


def test_three_ways_to_one_model(source: Path) -> None:
    found = commands(source / "run_fava.sh", "--seeds", "7")
    trained = trainings(found)
    names = ["bestrq", *(f"fava_{n}_s7" for n in ("audio", "convert", "bestrq", "scratch"))]
    assert list(trained) == names
    starts = {name: start(command) for name, command in trained.items()}
    assert starts == dict.fromkeys(names, "") | {
        "fava_convert_s7": "fava_audio_s7",
        "fava_bestrq_s7": "bestrq",
    }
    told = {tuple(overrides(trained[f"fava_{n}_s7"])) for n in ("convert", "bestrq", "scratch")}
    assert told == {("seed=7",)}
    decoded = {line.split("/exp/")[1].split()[0]: line for line in found if "bin.decode " in line}
    assert "--modes A --" in decoded["fava_audio_s7/decode_transducer/logdir/decode.JOB.log"]
    assert "missing" not in decoded["fava_audio_s7/decode_transducer/logdir/decode.JOB.log"]
    seen = decoded["fava_convert_s7/decode_transducer/logdir/decode.JOB.log"]
    assert "--modes A AV --" in seen and " middle:0.7 " in seen
    tables = [line for line in found if "bin.compare " in line]
    assert [line.split()[-1] for line in tables] == ["results/fava.md", "results/fava_converted.md"]
    compared = [re.findall(r"exp/(\w+)/decode_transducer/scores.json", line) for line in tables]
    assert {name for row in compared for name in row} == set(names) - {"bestrq"}
    assert compared[1] == ["fava_audio_s7", "fava_convert_s7"]


def test_configurations_are_one_model_with_and_without_eyes(source: Path) -> None:
    trained = trainings(commands(source / "run_fava.sh", "--seeds", "1"))
    models, configs = {}, {}
    for name in ("fava_audio_s1", "fava_convert_s1", "bestrq"):
        configs[name] = config = check_config(trained[name], source)
        config_class, model_class = MODELS[config.model]
        model_config = build(config_class, config.model_conf, name)
        sizes = NO_SIZES if name == "bestrq" else Sizes(vocab=20, units=9)
        model = model_class.from_config(model_config, sizes)
        models[name] = {n: p.shape for n, p in model.named_parameters()}
    heard, seen, bestrq = models.values()
    assert [config.dataset.modalities for config in configs.values()][:2] == ["A", "AV"]
    assert {name: seen.get(name) for name in heard} == heard
    new = {name.rpartition(".")[0] for name in seen.keys() - heard.keys()}
    eyes = ("frontend.visual.", "frontend.fusion.", "frontend_heads.")
    assert all(name.startswith(eyes) for name in new)
    kept = {n: shape for n, shape in bestrq.items() if not n.startswith("codes_head.")}
    assert {name: seen.get(name) for name in kept} == kept
    # Neither has weights, and both must hear alike; masking of fine-tuning is its own.
    told = configs["fava_convert_s1"].model_conf["audio_frontend_conf"]
    told = {k: v for k, v in told.items() if k != "spec_augment"}
    assert configs["bestrq"].model_conf["audio_frontend_conf"] == told
