"""The device check: a rehearsal of each of its steps, and what a step that fails does to others."""

import argparse
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/device"), str(ROOT / "tools/benchmarks")]
import check  # noqa: E402
import model_step  # noqa: E402
from steps import MODEL_STEP, Step, steps  # noqa: E402

from espnet_av.config import load_config  # noqa: E402
from espnet_av.train.config import TrainConfig  # noqa: E402

OF_MANY_PROCESSES = ("ABX", "transducer loss")
"""Their benchmarks measure each way in a process of its own: a minute of imports."""
REHEARSED = [
    pytest.param(
        step, id=step.name, marks=[pytest.mark.slow] if step.name in OF_MANY_PROCESSES else []
    )
    for step in steps()
    if step.tiny[0].endswith(".py")
]


@pytest.mark.parametrize("step", REHEARSED)
def test_each_step_is_rehearsed(step, tmp_path, monkeypatch):
    """In this process, which has torch loaded; `check.run` starts a process for each."""
    values = {"DEVICE": "cpu", "WORK": str(tmp_path / "work"), "OUT": str(tmp_path / "page.md")}
    script, *options = [values.get(part, part) for part in step.tiny]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [script, *options])
    threads = torch.get_num_threads()
    try:
        runpy.run_path(script, run_name="__main__")
    finally:
        torch.set_num_threads(threads)
    assert len((tmp_path / "page.md").read_text(encoding="utf-8").splitlines()) > 2


def commands(kind):
    return [
        getattr(step, kind)[1]
        for step in steps()
        if getattr(step, kind)[0] == MODEL_STEP and "--fsdp2" not in getattr(step, kind)
    ]


@pytest.mark.parametrize("path", commands("paper"))
def test_models_of_the_papers_are_built_and_have_all_that_they_read(path):
    config = load_config(TrainConfig, ROOT / path)
    with torch.device("meta"):
        model = model_step.make_model(config, "meta")
    makers = model_step.makers_of(config, model, torch.tensor([20, 19]))
    assert set(model.reads) <= set(makers)
    assert sum(p.numel() for p in model.parameters()) > 20e6


def test_every_model_that_needs_no_other_is_among_them():
    from espnet_av.models import MODELS

    found = {load_config(TrainConfig, ROOT / path).model for path in commands("paper")}
    below = {name for name in MODELS if name.startswith("superb_")}
    assert found | below | {"wav2vec2"} == set(MODELS), "wav2vec2 is XLS-R 300M"


def written(tmp_path, name, code, limit=60):
    command = ("-c", code)
    return Step(name, f"About {name}", limit, command, command)


def test_a_step_that_fails_or_hangs_does_not_end_the_others(tmp_path, monkeypatch):
    waits = "import subprocess, time; subprocess.Popen(['sleep', '60']); time.sleep(60)"
    page = f"open({str(tmp_path / 'work/step2/page.md')!r}, 'w').write('# Seen\\n')"
    chosen = [
        written(tmp_path, "wrong", "raise SystemExit('no such kernel')"),
        written(tmp_path, "slow", waits, limit=1),
        written(tmp_path, "good", page),
    ]
    monkeypatch.setattr(check, "steps", lambda: chosen)
    out = tmp_path / "page.md"
    options = ["check", "--out", str(out), "--work", str(tmp_path / "work"), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", options)
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 1
    text = out.read_text(encoding="utf-8")
    assert "1 of 3 steps ran" in text
    assert "| wrong | failed |" in text
    assert "no such kernel" in text
    assert "| slow | over its limit |" in text
    assert "| good | ran |" in text
    assert "### Seen" in text


def test_without_time_the_rest_is_told_as_not_run(tmp_path, monkeypatch):
    step = written(tmp_path, "late", "print(1)")
    monkeypatch.setattr(check, "steps", lambda: [step])
    out = tmp_path / "page.md"
    options = ["check", "--out", str(out), "--work", str(tmp_path), "--budget", "0"]
    monkeypatch.setattr(sys, "argv", options)
    with pytest.raises(SystemExit):
        check.main()
    assert "| late | not run | 0 |" in out.read_text(encoding="utf-8")


def test_steps_that_were_not_reached_are_on_the_page(tmp_path):
    done, waiting = (written(tmp_path, name, "1") for name in ("done", "waiting"))
    args = argparse.Namespace(device="cuda", tiny=False)
    text = check.page(args, [check.Outcome(done, "ran", 3.0, "# A\n## B\n")], [done, waiting])
    assert "| waiting | not run | 0 |" in text
    assert "### A\n#### B" in text


def test_all_fits_in_ten_minutes():
    names = [step.name for step in steps()]
    assert len(set(names)) == len(names)
    assert check.BUDGET_SEC < 600


def test_the_script_runs_a_step_from_anywhere(tmp_path):
    out = tmp_path / "page.md"
    line = f"{ROOT}/tools/device_check.sh --tiny --device cpu --only facts --out {out}"
    environment = {"PATH": "/usr/bin:/bin", "PYTHON": sys.executable}
    subprocess.run(shlex.split(line), check=True, cwd=tmp_path, env=environment)
    text = out.read_text(encoding="utf-8")
    assert "tiny sizes, a rehearsal; 1 of 1 steps ran" in text
    assert "TFLOP/s" in text
