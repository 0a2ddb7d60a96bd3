"""The mini_av recipe on a few clips: every stage, nothing done twice, a kill survived."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RECIPE = ROOT / "egs2/mini_av/avsr1"

CORPUS = """
langs: [en]
num_train: 12
num_valid: 3
num_test: 4
num_test_unseen: 0
speakers: [m1, f1]
"""
NOISE = """
num_babble: {train: 2, valid: 1, test: 2}
num_voices: 3
babble_duration: 2s
"""
TRAIN = """
model: avsr
model_conf:
  audio_frontend_conf: {num_mels: 40, subsampling: stack}
  visual_frontend_conf: {width: 4, image_pool: 2, activation: relu}
  feature_size: 32
  modality_dropout: {drop_prob: 0.5, per: utterance}
  encoder: conformer
  encoder_conf: {output_size: 32, attention_heads: 2, linear_units: 32, num_blocks: 1}
  decoder: transformer
  decoder_conf: {attention_heads: 2, linear_units: 32, num_blocks: 1}
  ctc_weight: 0.5
  units_weight: 0.2
dataset: {frame_labels: true, noise_prob: 0.5}
batch_frames: 400
max_steps: 6
valid_interval_steps: 3
save_interval_steps: 3
best_model_criterion: [[valid, acc, max]]
keep_nbest_models: 2
average: 2
num_workers: 0
num_threads: 1
"""
DECODE = """
method: joint
beam_size: 2
maxlenratio: -12
"""


def run(work: Path, *arguments: str) -> str:
    """Run the recipe in `work`; returns what it printed."""
    options = {
        "datadir": work / "data",
        "dumpdir": work / "dump",
        "expdir": work / "exp",
        "local_data_opts": f"--corpus_config {work}/corpus.yaml --corpusdir {work}/corpus",
        "noise_config": work / "noise.yaml",
        "train_config": work / "train_tiny.yaml",
        "decode_config": work / "decode_tiny.yaml",
        "test_sets": "test",
        "noises": "clean babble:0",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    result = subprocess.run(
        [RECIPE / "run.sh", *words, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the recipe has run in full."""
    folder = tmp_path_factory.mktemp("mini_av")
    texts = {"corpus": CORPUS, "noise": NOISE, "train_tiny": TRAIN, "decode_tiny": DECODE}
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "printed").write_text(run(folder), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_every_stage_leaves_what_it_promises(work: Path) -> None:
    printed = (work / "printed").read_text(encoding="utf-8")
    assert len(re.findall(r"stage \d+ \w+: .* -> ", printed)) == 12
    exp = work / "exp/tiny_char"
    promised = [
        "data/train/text",
        "dump/roi/train/contact_sheet.png",
        "dump/roi/train/tracking.tsv",
        "dump/train/wav.scp",
        "dump/train/dropped.tsv",
        "dump/noise/train/noise.tsv",
        "data/token_list/char/tokens.txt",
        "exp/tiny_char/config.yaml",
        "exp/tiny_char/train.log",
        "exp/tiny_char/images/loss.png",
        "exp/tiny_char/valid.acc.ave_2best.pth",
        "exp/tiny_char/decode_tiny/test/AV_babble_0dB/text",
        "exp/tiny_char/decode_tiny/RESULTS.md",
        "exp/tiny_char/model.zip",
    ]
    assert [name for name in promised if not (work / name).is_file()] == []
    scores = json.loads((exp / "decode_tiny/scores.json").read_text(encoding="utf-8"))
    cells = {(item["mode"], item["noise"]) for item in scores["conditions"]}
    clean = {("A", "clean"), ("V", "clean"), ("AV", "clean")}
    assert cells == clean | {("A", "babble:0"), ("AV", "babble:0")}
    assert "test WER %" in printed
    assert ".png" in printed


@pytest.mark.slow
def test_second_run_does_nothing_and_says_so(work: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    printed = run(work)
    after = {path: path.stat().st_mtime_ns for path in work.rglob("*") if path.is_file()}
    assert printed.count("up to date: ") == 13
    assert after == before


@pytest.mark.slow
def test_mid_training_is_where_fine_tuning_starts(work: Path) -> None:
    (work / "train_mid.yaml").write_text(TRAIN, encoding="utf-8")
    options = ["--mid_config", str(work / "train_mid.yaml"), "--mid_args", "--override max_steps=3"]
    printed = run(work, "--stage", "tokens", "--stop_stage", "finetune", *options)
    assert re.findall(r"stage \d+ (\w+)", printed) == ["tokens", "mid", "finetune"]
    log = (work / "exp/tiny_char_from_mid_max_steps=3/train.log").read_text(encoding="utf-8")
    assert re.search(r"init_param \S+/exp/mid_max_steps=3: .* 0 unexpected", log)


@pytest.mark.slow
def test_packed_model_transcribes_a_clip(work: Path) -> None:
    clip = next(iter(sorted((work / "corpus").rglob("*.mp4"))))
    command = [os.sys.executable, "-m", "espnet_av.bin.transcribe", str(clip), "--model"]
    command += [str(work / "exp/tiny_char/model.zip"), "--format", "json"]
    result = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "text" in result.stdout
