"""av.sh: stages in order, dry run, skipping, nothing done twice, what depends on what."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from av_recipe import environment, make_recipe, run, verbs

ROOT = Path(__file__).resolve().parents[2]
STAGES = [
    "data", "roi", "dump", "ssl", "units", "avssl", "mid", "tokens", "finetune", "decode", "score",
    "pack",
]  # fmt: skip
ORDER = [*STAGES[:6], "tokens", "mid", *STAGES[8:]]


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return make_recipe(tmp_path)


def test_all_stages_in_order(recipe: Path) -> None:
    code, out, started = run(recipe)
    assert code == 0, out
    assert re.findall(r"stage (\d+) (\w+): ", out) == [
        (str(STAGES.index(name) + 1), name) for name in ORDER
    ]
    expected = ["data.sh", "roi", "dump", "noise", "tokens", "train", "decode", "score", "pack"]
    assert verbs(started) == expected
    assert out.count("not configured") == 4
    assert "WER 5" in out
    assert "roi --config conf/roi.yaml data/test dump/roi/test --job 2 --num_jobs 2" in started
    assert "roi --config conf/roi.yaml data/test dump/roi/test --finish" in started


def test_second_run_does_nothing_and_says_so(recipe: Path) -> None:
    run(recipe)
    picture = recipe / "exp/avsr_char/images/loss.png"
    picture.parent.mkdir()
    picture.touch()
    code, out, started = run(recipe, "--nj", "7", "--ngpu", "0")
    assert code == 0
    assert "\nexp/avsr_char/images/loss.png\n" in out
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


def test_another_corpus_root_reruns_the_data(recipe: Path) -> None:
    data = recipe / "local/data.sh"
    data.write_text(data.read_text() + 'echo "root $GRID" >>"$CALLS"\n', encoding="utf-8")
    (recipe / "conf/corpus.yaml").write_text("# none\n", encoding="utf-8")
    _, _, started = run(recipe, "--stop_stage", "2", GRID="/first")
    assert "root /first" in started
    # A corpus that local/data.sh does not read may move.
    assert run(recipe, "--stop_stage", "2", GRID="/first", LRS3="/other")[2] == []
    with (recipe / "db.sh").open("a") as db:
        db.write("LRS3=/another\n")
    assert run(recipe, "--stop_stage", "2", GRID="/first")[2] == []
    _, _, started = run(recipe, "--stop_stage", "2", GRID="/second")
    assert verbs(started) == ["data.sh", "root", "roi"]
    assert "data.sh --datadir data" in started


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


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_lets_the_running_job_save(recipe: Path, number: int) -> None:
    script = "trap 'echo saved >saved; exit 0' TERM\ntouch begun\nwhile sleep 0.1; do :; done\n"
    (recipe / "local/data.sh").write_text(f"#!/usr/bin/env bash\n{script}", encoding="utf-8")
    # What was started in the background, or by nohup, ignores these, and so would all below.
    process = subprocess.Popen(
        ["bash", "./av.sh"],
        cwd=recipe,
        env={**os.environ, **environment(recipe.parents[3])},
        start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    )
    for _ in range(500):
        if (recipe / "begun").exists():
            break
        time.sleep(0.02)
    process.send_signal(number)
    try:
        assert process.wait(timeout=30) == 128 + number
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    assert (recipe / "saved").exists()
    assert not (recipe / "data/.done").exists()


def test_names_of_experiments(recipe: Path) -> None:
    _, out, _ = run(recipe, "--dry_run", "--train_args", "--override max_steps=5")
    assert "-> exp/avsr_char_max_steps=5" in out
    _, out, _ = run(recipe, "--dry_run", "--tag", "first", "--token_type", "bpe", "--nbpe", "99")
    assert "-> exp/first" in out
    assert "-> data/token_list/bpe_99" in out


PRETRAINING = ["--ssl_config", "conf/train_w2v.yaml", "--units_config", "conf/units.yaml"]
PRETRAINING += ["--avssl_config", "conf/train_xlavsr.yaml"]


def trainings(started: list[str]) -> list[tuple[str, str]]:
    """Experiment and first weights of every training."""
    found = [line.split() for line in started if line.startswith("train ")]
    starts = [next((w for w in words if w.startswith("init_param=")), "") for words in found]
    return [(words[-1], start) for words, start in zip(found, starts, strict=True)]


def test_pretraining_feeds_what_follows(recipe: Path) -> None:
    code, out, started = run(recipe, "--stage", "4", "--stop_stage", "9", *PRETRAINING)
    assert code == 0, out
    assert verbs(started) == ["train", "units", "tokens"]
    assert trainings(started) == [
        ("exp/w2v", ""),
        ("exp/xlavsr_r1", "init_param=[exp/w2v]"),
        ("exp/avsr_char_from_xlavsr_r1", "init_param=[exp/xlavsr_r1]"),
    ]
    first = next(line for line in started if line.startswith("units"))
    assert first == (
        "units dump/units/xlavsr_r1 --config conf/units.yaml --train_dir dump/train --exp_dir "
        "exp/w2v --sets dump/train dump/valid --ngpu 0 --fit"
    )
    steps = [line.split("--ngpu 0")[-1] for line in started if line.startswith("units")]
    assert sorted(steps)[:3] == [" --fit", " --job 1 --num_jobs 2", " --job 2 --num_jobs 2"]
    assert [line for line in started if "--units_dir dump/units/xlavsr_r1" in line] != []
    # The same again does nothing; a change is passed on.
    assert run(recipe, "--stage", "4", "--stop_stage", "9", *PRETRAINING)[2] == []
    (recipe / "conf/units.yaml").write_text("num_units: 7\n", encoding="utf-8")
    _, _, started = run(recipe, "--stage", "4", "--stop_stage", "9", *PRETRAINING)
    assert [name for name, _ in trainings(started)] == [
        "exp/xlavsr_r1",
        "exp/avsr_char_from_xlavsr_r1",
    ]


def test_rounds_take_features_from_the_round_before(recipe: Path) -> None:
    options = ["--rounds", "3", "--units_config", "conf/u1.yaml conf/u2.yaml", "--avssl_config"]
    options += ["conf/train_avh.yaml", "--avssl_args", "--override seed=2"]
    _, out, started = run(recipe, "--stage", "5", "--stop_stage", "9", *options)
    assert re.findall(r"stage ([56]) \w+, round (\d) of 3: ", out) == [
        (stage, number) for number in "123" for stage in "56"
    ]
    fits = [line.split() for line in started if line.endswith("--fit")]
    assert [words[3] for words in fits] == ["conf/u1.yaml", "conf/u2.yaml", "conf/u2.yaml"]
    sources = [
        words[words.index("--exp_dir") + 1 :][:1] if "--exp_dir" in words else [] for words in fits
    ]
    assert sources == [[], ["exp/avh_seed=2_r1"], ["exp/avh_seed=2_r2"]]
    assert trainings(started) == [
        *[(f"exp/avh_seed=2_r{number}", "") for number in (1, 2, 3)],
        ("exp/avsr_char_from_avh_seed=2_r3", "init_param=[exp/avh_seed=2_r3]"),
    ]
    # One part alone, of every round.
    _, _, started = run(recipe, "--dry_run", "--stage", "6", "--stop_stage", "6", *options)
    _, out, _ = run(recipe, "--stage", "6", "--stop_stage", "6", "--skip_stages", "6", *options)
    assert out.count("stage 6 avssl: skipped") == 3


def test_starting_points_may_be_chosen(recipe: Path) -> None:
    options = ["--avssl_from", "none", "--finetune_from", "ssl"]
    _, _, started = run(recipe, "--stage", "4", "--stop_stage", "9", *PRETRAINING, *options)
    assert trainings(started) == [
        ("exp/w2v", ""),
        ("exp/xlavsr_r1", ""),
        ("exp/avsr_char_from_w2v", "init_param=[exp/w2v]"),
    ]
    options = ["--finetune_from", "none", "--ssl_tag", "first", "--avssl_tag", "second"]
    _, out, _ = run(recipe, "--dry_run", *PRETRAINING, *options)
    for name in ("-> exp/first", "-> exp/second_r1", "-> exp/avsr_char"):
        assert f"{name}\n" in out
    options = ["--ssl_tag", "converted", "--stage", "4", "--stop_stage", "6", *PRETRAINING[2:]]
    _, _, started = run(recipe, *options)
    assert trainings(started) == [("exp/xlavsr_r1", "init_param=[exp/converted]")]
    for source, shown in (("larger", "exp/larger"), ("mfcc", "MFCC of dump/train")):
        _, out, _ = run(recipe, "--dry_run", *options, "--units_from", source)
        assert f"stage 5 units: {shown} -> dump/units/xlavsr_r1" in out
        assert ("--exp_dir" in out) == (source == "larger")
    _, _, started = run(
        recipe, "--stage", "9", "--stop_stage", "9", "--finetune_from", "../x/exp/y/"
    )
    assert trainings(started) == [("exp/avsr_char_from_y", "init_param=[../x/exp/y]")]
    for wrong in (["--avssl_from", "avssl"], ["--finetune_from", "mid"], ["--mid_from", "mid"]):
        code, out, _ = run(recipe, "--dry_run", *wrong)
        assert code == 1 and f"{wrong[0]} is " in out


def test_weights_of_a_finetuned_experiment_are_tracked(recipe: Path) -> None:
    """What was fine-tuned on sound alone and is then given eyes."""
    options = ["--stage", "9", "--stop_stage", "9", "--ssl_tag", "sound", "--tag", "both"]
    (recipe / "exp/sound").mkdir(parents=True)
    for mark in (".done.finetune", ".done.train"):
        (recipe / "exp/sound" / mark).write_text("first\n", encoding="utf-8")
        _, _, started = run(recipe, *options)
        assert trainings(started) == [("exp/both", "init_param=[exp/sound]")]
        assert run(recipe, *options)[2] == []
        # Packed or not, it is the same model.
        (recipe / "exp/sound/.done.pack").write_text("packed\n", encoding="utf-8")
        assert run(recipe, *options)[2] == []


def test_noises_may_be_left_out(recipe: Path) -> None:
    _, out, started = run(recipe, "--stop_stage", "10", "--noise_config", "none")
    assert verbs(started) == ["data.sh", "roi", "dump", "tokens", "train", "decode"]
    assert "no noises (--noise_config none)" in out
    assert not [line for line in started if "--noise_dir" in line]


def test_the_end_names_results_only_where_there_are_any(recipe: Path) -> None:
    _, out, _ = run(recipe, "--dry_run", "--stop_stage", "9")
    assert "logs in logdir/" in out and "results in" not in out
    _, out, _ = run(recipe, "--dry_run")
    assert "results in exp/avsr_char/decode" in out


def test_sets_to_pretrain_on_are_dumped_and_joined(recipe: Path) -> None:
    (recipe / "conf/dump_sound.yaml").write_text("require: audio\n", encoding="utf-8")
    options = ["--ssl_sets", "av sound", "--ssl_args", "--override max_steps=3"]
    _, _, started = run(recipe, "--stop_stage", "4", *PRETRAINING, *options)
    assert "dump --config conf/dump.yaml data/av dump/roi/av dump/av --finish" in started
    assert (
        "dump --config conf/dump_sound.yaml data/sound dump/roi/sound dump/sound --finish"
        in started
    )
    assert "data_dir combine dump/av_sound dump/av dump/sound" in started
    assert "--override max_steps=3 --train_dir dump/av_sound" in started[-1]
    assert started[-1].endswith(
        "--noise_dir dump/noise/train --valid_dir dump/valid exp/w2v_max_steps=3"
    )


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
        ("langs", "de es", "--override dataset.langs=[de,es] --"),
        ("langs", "de es", "-> exp/avsr_char_de_es"),
        ("tgt_lang", "el", "--target_lang el --unit_parts 1 dump/train data/token_list/char_to_el"),
        ("tgt_lang", "el", "--override dataset.target_lang=el --"),
        ("tgt_lang", "el", "-> exp/avsr_char_to_el"),
        ("token_args", "--lang_tags", "--nbpe 32 --lang_tags --unit_parts 1"),
        ("token_args", "--lang_tags", "--token_dir data/token_list/char_lang_tags"),
        ("token_args", "--temperature 2", "-> exp/avsr_char_temperature_2"),
        ("token_dir", "data/shared", "--token_dir data/shared --"),
        ("system", "big", "--config conf/train_big.yaml"),
        ("conf", "small", "bin.roi --config small/roi.yaml"),
        ("conf", "small", "--config small/train_avsr.yaml"),
        ("missing_video", "whole:0.5 end:1", "--missing_video whole:0.5 end:1 --sets dump/test"),
        ("decode_args", "--seed 3", "bin.decode --ngpu 0 --config conf/decode.yaml --seed 3"),
        ("decode_model", "valid.loss.best.pth", "--exp_dir exp/avsr_char --checkpoint valid.loss"),
        ("decode_model", "valid.loss.best.pth", "bin.pack --exp_dir exp/avsr_char --checkpoint"),
        ("expected_scores", "other.yaml", "bin.score --expected other.yaml"),
        ("system", "small", "--system small"),
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
    assert 'missing_video=""' in out
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
    # test_comparison.py and test_fava.py hold what lists of experiments call for.
    for script in sorted(ROOT.glob("egs2/*/*/run*.sh")):
        if "--experiments" in script.read_text(encoding="utf-8"):
            continue
        command = [script, "--dry_run", "--datadir", "nowhere/data", "--dumpdir", "nowhere/dump"]
        command += ["--expdir", "nowhere/exp"]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        found = re.findall(r"stage \d+ (\w+)", result.stdout)
        expected = STAGES[:4] if script.parent.name.startswith("ssl") else ORDER
        assert list(dict.fromkeys(found)) == expected


def test_results_depend_on_noises_and_language_model(recipe: Path) -> None:
    lm = recipe / "data/lm/lm.arpa"
    (recipe / "conf/decode.yaml").write_text('lm_file: "data/lm/lm.arpa"  # 4-gram\n')
    run(recipe)
    lm.parent.mkdir(parents=True)
    lm.write_text("another\n", encoding="utf-8")
    assert verbs(run(recipe)[2]) == ["decode", "score", "pack"]
    (recipe / "conf/noise.yaml").write_text("num_voices: 7\n", encoding="utf-8")
    assert verbs(run(recipe)[2]) == ["noise", "decode", "score"]
    assert run(recipe)[2] == []


def test_a_start_that_is_converted_again_is_noticed(recipe: Path) -> None:
    options = ["--ssl_tag", "converted", "--stage", "5", "--stop_stage", "9", *PRETRAINING[2:]]
    options += ["--finetune_from", "ssl"]
    (recipe / "exp/converted").mkdir(parents=True)
    for name in ("conversion.txt", "provenance.yaml"):
        (recipe / "exp/converted" / name).write_text("first\n", encoding="utf-8")
    run(recipe, *options)
    assert run(recipe, *options)[2] == []
    (recipe / "exp/converted/provenance.yaml").write_text("second\n", encoding="utf-8")
    _, _, started = run(recipe, *options)
    assert verbs(started) == ["units", "train"]
    assert [name for name, _ in trainings(started)] == [
        "exp/xlavsr_r1",
        "exp/avsr_char_from_converted",
    ]


LIST = """
experiments:
  a: {config: conf/ssl.yaml}
  b: {config: conf/train_avsr.yaml, from: a, tokens: {}, seeds: [1, 2, 3], tests: [words]}
tests: {words: {expected: ""}}
tables: {results/x.md: {rows: {b: mine}}}
"""


def test_experiments_of_a_list_run_side_by_side(recipe: Path) -> None:
    (recipe / "list.yaml").write_text(LIST, encoding="utf-8")
    options = ["--experiments", "list.yaml", "--jobs", "2", "--stop_stage", "score"]
    code, out, started = run(recipe, *options)
    assert code == 0, out
    assert trainings(started)[0] == ("exp/a", "")
    rest = sorted(trainings(started)[1:])
    assert rest == [(f"exp/b_s{seed}", "init_param=[exp/a]") for seed in (1, 2, 3)]
    assert started[-1].startswith("compare --system mine exp/b_s1/decode/scores.json exp/b_s2/")
    assert verbs(run(recipe, *options)[2]) == ["compare"]
    # One that fails lets the others end, and stops the run.
    (recipe / "conf/ssl.yaml").write_text("seed: 2\n", encoding="utf-8")
    code, out, started = run(recipe, *options, FAIL="train")
    assert code == 1 and "some experiments failed" in out
    assert [line for line in started if line.startswith("compare")] == []
    _, _, started = run(recipe, *options, "--only", "b_s2")
    assert [name for name, _ in trainings(started)] == ["exp/a", "exp/b_s2"]
