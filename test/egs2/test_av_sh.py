"""av.sh: stages in order, dry run, skipping, nothing done twice, what depends on what."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STAGES = [
    "data", "roi", "dump", "ssl", "units", "avssl", "mid", "tokens", "finetune", "decode", "score",
    "pack",
]  # fmt: skip

# Stands in for `python3 -m espnet_av.bin.<verb>`: notes the call; everything else runs as it is.
FAKE_PYTHON = f"""#!/usr/bin/env bash
if [ "$1" != -m ]; then exec {sys.executable} "$@"; fi
echo "${{2##*.}} ${{*:3}}" >>"$CALLS"
[ "${{2##*.}}" != "${{FAIL:-}}" ] || {{ echo "no such clip"; exit 1; }}
dir="${{*: -1}}"
[ "${{2##*.}}" != score ] || {{ echo "WER 5"; mkdir -p "$dir/../images"; }}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of its own in a project of its own, with pretended programs."""
    root = tmp_path / "project"
    shutil.copytree(ROOT / "egs2/TEMPLATE", root / "egs2/TEMPLATE")
    shutil.copytree(ROOT / "utils", root / "utils")
    folder = root / "egs2/toy/avsr1"
    setup = root / "egs2/TEMPLATE/av1/setup.sh"
    subprocess.run([setup, folder], cwd=root, check=True, capture_output=True)
    for name in ("roi", "dump", "noise", "train_avsr", "decode"):
        (folder / f"conf/{name}.yaml").write_text(f"# {name}\n", encoding="utf-8")
    data = folder / "local/data.sh"
    data.write_text('#!/usr/bin/env bash\necho "data.sh $*" >>"$CALLS"\n', encoding="utf-8")
    data.chmod(0o755)
    python = tmp_path / "venv/bin/python3"
    python.parent.mkdir(parents=True)
    python.write_text(FAKE_PYTHON, encoding="utf-8")
    python.chmod(0o755)
    return folder


def run(recipe: Path, *arguments: str, **env: str) -> tuple[int, str, list[str]]:
    """Run av.sh; returns status, output and the programs that were started."""
    root = recipe.parents[3]
    calls = root / "calls"
    calls.unlink(missing_ok=True)
    result = subprocess.run(
        ["bash", "./av.sh", *arguments],
        cwd=recipe,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "VIRTUAL_ENV": str(root / "venv"), "CALLS": str(calls), **env},
    )
    started = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
    return result.returncode, result.stdout, started


def verbs(started: list[str]) -> list[str]:
    """First words, without repetition, in order."""
    return list(dict.fromkeys(line.split()[0] for line in started))


def test_all_stages_in_order(recipe: Path) -> None:
    code, out, started = run(recipe)
    assert code == 0, out
    assert re.findall(r"stage (\d+) (\w+): ", out) == [
        (str(i + 1), s) for i, s in enumerate(STAGES)
    ]
    expected = ["data.sh", "roi", "dump", "noise", "tokens", "train", "decode", "score", "pack"]
    assert verbs(started) == expected
    assert out.count("not configured") == 4
    assert "WER 5" in out
    assert "roi --config conf/roi.yaml data/test dump/roi/test --job 2 --num_jobs 2" in started
    assert "roi --config conf/roi.yaml data/test dump/roi/test --finish" in started


def test_second_run_does_nothing_and_says_so(recipe: Path) -> None:
    run(recipe)
    code, out, started = run(recipe, "--nj", "7", "--ngpu", "0")
    assert code == 0
    assert started == []
    # Three sets in stages 2 and 3, one noise bank, six other stages.
    assert out.count("up to date: ") == 1 + 3 + 3 + 1 + 5


def test_changed_configuration_reruns_it_and_what_follows(recipe: Path) -> None:
    run(recipe)
    (recipe / "conf/train_avsr.yaml").write_text("max_steps: 7\n", encoding="utf-8")
    _, _, started = run(recipe)
    assert verbs(started) == ["train", "decode", "score", "pack"]
    (recipe / "conf/roi.yaml").write_text("size: 64\n", encoding="utf-8")
    _, _, started = run(recipe)
    assert verbs(started) == ["roi", "dump", "noise", "tokens", "train", "decode", "score", "pack"]


def test_changed_option_reruns_its_stage(recipe: Path) -> None:
    run(recipe)
    _, _, started = run(recipe, "--noises", "clean babble:0")
    assert verbs(started) == ["decode", "score"]
    assert "--noises clean babble:0 --noise_dir dump/noise/test" in started[0]


def test_dry_run_prints_commands_and_touches_nothing(recipe: Path) -> None:
    before = sorted(recipe.rglob("*"))
    code, out, started = run(recipe, "--dry_run", "--ngpu", "8", "--num_nodes", "2")
    assert code == 0
    assert started == []
    assert sorted(recipe.rglob("*")) == before
    assert "run.pl --gpu 8 --num_nodes 2 --num_tasks 8 exp/avsr_char/logdir/train.log" in out


def test_stage_range_and_skipping(recipe: Path) -> None:
    _, out, started = run(recipe, "--stage", "2", "--stop_stage", "8", "--skip_stages", "3 4")
    assert verbs(started) == ["roi", "tokens"]
    assert "stage 3 dump: skipped (--skip_stages)" in out


def test_failure_stops_and_shows_the_cause(recipe: Path) -> None:
    code, out, started = run(recipe, FAIL="dump")
    assert code == 1
    assert verbs(started) == ["data.sh", "roi", "dump"]
    assert "failed, log is in dump/test/logdir/dump.*.log" in out
    assert "no such clip" in out
    _, out, started = run(recipe)
    assert verbs(started)[0] == "dump"
    assert "up to date: dump/roi/test" in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_lets_the_running_job_save(recipe: Path, number: int) -> None:
    script = "trap 'echo saved >saved; exit 0' TERM\ntouch begun\nwhile sleep 0.1; do :; done\n"
    (recipe / "local/data.sh").write_text(f"#!/usr/bin/env bash\n{script}", encoding="utf-8")
    environment = {**os.environ, "VIRTUAL_ENV": str(recipe.parents[3] / "venv")}
    process = subprocess.Popen(["bash", "./av.sh"], cwd=recipe, env=environment)
    for _ in range(500):
        if (recipe / "begun").exists():
            break
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=30) == 128 + number
    assert (recipe / "saved").exists()
    assert not (recipe / "data/.done").exists()


def test_names_of_experiments(recipe: Path) -> None:
    _, out, _ = run(recipe, "--dry_run", "--train_args", "--override max_steps=5")
    assert "-> exp/avsr_char_max_steps=5" in out
    _, out, _ = run(recipe, "--dry_run", "--tag", "first", "--token_type", "bpe", "--nbpe", "99")
    assert "-> exp/first" in out
    assert "-> data/token_list/bpe_99" in out


def test_pretraining_option_without_a_command_stops(recipe: Path) -> None:
    code, out, _ = run(recipe, "--stage", "4", "--stop_stage", "4", "--ssl_config", "conf/ssl.yaml")
    assert code == 1
    assert "has no command yet" in out


@pytest.mark.parametrize("arguments", [["--stge", "1"], ["extra"], ["--dry_run", "maybe"]])
def test_mistakes_stop_before_anything_runs(recipe: Path, arguments: list[str]) -> None:
    code, _, started = run(recipe, *arguments)
    assert code == 1
    assert started == []


@pytest.mark.parametrize(
    ("option", "value", "shown"),
    [
        ("decode_nj", "5", "JOB=1:5 exp/avsr_char/decode/logdir"),
        ("roi_config", "conf/r.yaml", "bin.roi --config conf/r.yaml"),
        ("roi_config", "conf/r.yaml", "--roi_config conf/r.yaml"),
        ("dump_config", "conf/d.yaml", "bin.dump --config conf/d.yaml"),
        ("noise_config", "conf/n.yaml", "bin.noise --config conf/n.yaml"),
        (
            "babble_sets",
            "test_a test_b",
            "--test_dirs dump/test_a dump/test_b -- dump/train",
        ),
        ("langs", "de es", "tokens --token_type char --nbpe 32 --langs de es --unit_parts 1"),
        ("langs", "de es", "--override dataset.langs=[de,es] --train_dir dump/train"),
        ("langs", "de es", "-> exp/avsr_char_de_es"),
        ("tgt_lang", "el", "--target_lang el --unit_parts 1 dump/train data/token_list/char_to_el"),
        ("tgt_lang", "el", "--override dataset.target_lang=el --train_dir dump/train"),
        ("tgt_lang", "el", "-> exp/avsr_char_to_el"),
        ("token_args", "--lang_tags", "--nbpe 32 --lang_tags --unit_parts 1"),
        ("token_args", "--lang_tags", "--token_dir data/token_list/char_lang_tags"),
        ("token_args", "--temperature 2", "-> exp/avsr_char_temperature_2"),
        ("token_dir", "data/shared", "--token_dir data/shared --noise_dir"),
        ("system", "big", "--config conf/train_big.yaml"),
        ("decode_args", "--seed 3", "bin.decode --ngpu 0 --config conf/decode.yaml --seed 3"),
        ("decode_model", "valid.loss.best.pth", "--exp_dir exp/avsr_char --checkpoint valid.loss"),
        ("decode_model", "valid.loss.best.pth", "bin.pack --exp_dir exp/avsr_char --checkpoint"),
        ("expected_scores", "other.yaml", "bin.score --expected other.yaml"),
        ("system", "small", "--system small"),
        ("ssl_config", "conf/s.yaml", "--ssl_config conf/s.yaml: this stage has no command yet"),
        ("units_config", "conf/s.yaml", "--units_config conf/s.yaml: this stage has no command"),
        ("avssl_config", "conf/s.yaml", "--avssl_config conf/s.yaml: this stage has no command"),
        ("mid_config", "conf/s.yaml", "--mid_config conf/s.yaml: this stage has no command yet"),
    ],
)
def test_option_reaches_its_stage(recipe: Path, option: str, value: str, shown: str) -> None:
    _, plain, _ = run(recipe, "--dry_run")
    _, out, started = run(recipe, "--dry_run", f"--{option}", value)
    assert started == []
    assert shown in out
    assert shown not in plain


def test_help_lists_every_option(recipe: Path) -> None:
    _, out, _ = run(recipe, "--help")
    for name in ("stage=1", "ngpu=0", "train_config=", "modes=", "expdir=exp", "local_data_opts="):
        assert name in out


def test_slurm_backend_passes_resources(recipe: Path) -> None:
    before = sorted(recipe.rglob("*"))
    code, out, _ = run(recipe, "--dry_run", "--ngpu", "4", cmd_backend="slurm")
    assert code == 0
    assert sorted(recipe.rglob("*")) == before
    assert "--gres gpu:4" in out and "--ntasks-per-node 4" in out
    scripts = re.findall(r"^# sbatch .* (\S+/q/\S+\.sh)\n#!/usr/bin/env bash", out, re.MULTILINE)
    verbs = {"data", "roi", "dump", "noise", "tokens", "train", "decode", "score", "pack"}
    assert {Path(name).stem for name in scripts} >= verbs
    code, out, _ = run(recipe, "--dry_run", cmd_backend="sge")
    assert code == 1
    assert "cmd_backend is local, stdout or slurm" in out


def test_recipes_of_the_project_print_their_plan() -> None:
    for script in sorted(ROOT.glob("egs2/*/*/run.sh")):
        command = [script, "--dry_run", "--datadir", "nowhere/data", "--dumpdir", "nowhere/dump"]
        command += ["--expdir", "nowhere/exp"]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        assert re.findall(r"stage \d+ (\w+)", result.stdout) == STAGES
