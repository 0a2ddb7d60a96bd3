"""The READMEs of the recipes for real corpora, followed to the letter on a few clips."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = {"egs2", ".git", ".venv"}

# Half a minute each on two idle cores; whole recipes on busy ones take longer than one test may.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def copy_project(target: Path) -> Path:
    """The project with recipes of its own, as they are in git, and links to everything else."""
    target.mkdir()
    for entry in ROOT.iterdir():
        if entry.name not in LEFT_OUT:
            (target / entry.name).symlink_to(entry)
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "egs2"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    return target


def follow(recipe: Path) -> str:
    """Run every block of commands in a recipe's README, one after another in one shell."""
    blocks = BLOCK.findall((recipe / "README.md").read_text(encoding="utf-8"))
    assert blocks
    result = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)],
        cwd=recipe,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "VIRTUAL_ENV": sys.prefix},
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return copy_project(tmp_path / "project")


def read_scores(recipe: Path, pattern: str) -> dict[str, Any]:
    (path,) = recipe.glob(f"exp_rehearsal/{pattern}/decode*/scores.json")
    return json.loads(path.read_text(encoding="utf-8"))


def conditions(recipe: Path, pattern: str) -> set[tuple[str, str, str]]:
    records = read_scores(recipe, pattern)["conditions"]
    return {(item["set"], item["mode"], item["noise"]) for item in records}


def test_muavic_recognition(project: Path) -> None:
    recipe = project / "egs2/muavic/avsr1"
    printed = follow(recipe)
    noises = ("clean", "babble:0")
    heard = {(f"test_{lang}", mode, noise) for lang in ("en", "el", "es")
             for mode in ("A", "AV") for noise in noises}  # fmt: skip
    read = {(f"fleurs_{lang}", "A", noise) for lang in ("en", "el", "es") for noise in noises}
    assert conditions(recipe, "xlavsr_300m_*") == heard | read
    rows = (recipe / "data_rehearsal/coverage.tsv").read_text(encoding="utf-8").splitlines()
    assert "train\tel\t6\t6\t0\t0\t0\t0" in "\n".join(rows)
    # Stage 1 shows the same.
    assert re.search(r"^train +el +6 +6 ", printed, re.MULTILINE)
    (results,) = recipe.glob("exp_rehearsal/*/decode/RESULTS.md")
    text = results.read_text(encoding="utf-8")
    assert "Table 2" in text and "not run here" in text
    (log,) = recipe.glob("exp_rehearsal/*/train.log")
    assert "share of the training frames by lang: el 33.3%" in log.read_text(encoding="utf-8")
    test_noise = (recipe / "dump_rehearsal/noise/test/noise.tsv").read_text(encoding="utf-8")
    assert test_noise.count("babble-test-") >= 2


def test_muavic_translation_both_ways(project: Path) -> None:
    recipe = project / "egs2/muavic/avst1"
    follow(recipe)
    noises = ("clean", "babble:0")
    seen = {(f"test_{lang}_en", mode, noise) for lang in ("el", "es")
            for mode in ("A", "AV") for noise in noises}  # fmt: skip
    read = {(f"fleurs_{lang}", "A", noise) for lang in ("el", "es") for noise in noises}
    assert conditions(recipe, "*_to_en_*") == seen | read
    into_greek = {("test_en_el", mode, noise) for mode in ("A", "AV") for noise in noises}
    assert conditions(recipe, "*_to_el_*") == into_greek
    for way, text in (("to_en", "Thank you"), ("to_el", "Ευχαριστώ")):
        refs = [*recipe.glob(f"exp_rehearsal/*_{way}_*/decode/test_*/AV_clean/ref")]
        assert refs and all(text in ref.read_text(encoding="utf-8") for ref in refs)
    for results in recipe.glob("exp_rehearsal/*/decode/RESULTS.md"):
        assert "BLEU" in results.read_text(encoding="utf-8")


def test_voxceleb2(project: Path) -> None:
    recipe = project / "egs2/voxceleb2/ssl1"
    printed = follow(recipe)
    assert re.search(r"^dev +- +6 +6 +0 .* 1092009 ", printed, re.MULTILINE)
    # Sound alone: nobody looked for a face, and no noise was made.
    assert not [*recipe.glob("dump_rehearsal/**/video*")]
    assert not (recipe / "dump_rehearsal/noise").exists()
    exp = recipe / "exp_rehearsal/bestrq_120m"
    log = (exp / "train.log").read_text(encoding="utf-8")
    assert "6 training utterances" in log and "2 for validation" in log
    perplexities = [float(value) for value in re.findall(r"target_perplexity=([\d.]+)", log)]
    assert perplexities and min(perplexities) > 5
    weights = torch.load(exp / "valid.loss.best.pth", weights_only=True)
    assert {"frontend.audio.project.weight", "codes_head.weight"} <= weights.keys()


def test_lrs3(project: Path) -> None:
    recipe = project / "egs2/lrs3/avsr1"
    follow(recipe)
    levels = ("clean", *(f"babble:{level}" for level in (10, 5, 0, -5, -10)))
    expected = {("test", mode, noise) for mode in ("A", "AV") for noise in levels}
    assert conditions(recipe, "av_hubert_large_*") == expected | {("test", "V", "clean")}
    assert (recipe / "dump_rehearsal/roi/test/contact_sheet.png").is_file()
    # FAVA: from BEST-RQ on sound, and from a recogniser of sound.
    fava = "fava_120m_char_from_bestrq_120m"
    expected = {key for key in expected if key[2] != "babble:-10"}
    assert conditions(recipe, fava) == expected | {("test", "V", "clean")}
    missing = {item["missing_video"] for item in read_scores(recipe, fava)["missing_video"]}
    assert missing == {"whole:0.5", "end:0.5"}
    (results,) = recipe.glob(f"exp_rehearsal/{fava}/decode_transducer/RESULTS.md")
    assert "arXiv 2312.09369" in results.read_text(encoding="utf-8")
    for start in ("bestrq_120m", "fava_audio"):
        log = recipe / f"exp_rehearsal/fava_120m_char_from_{start}/train.log"
        loaded = log.read_text(encoding="utf-8").partition("init_param ")[2].splitlines()[:2]
        assert f"{start}: " in loaded[0] and ", 0 of another shape" in loaded[0]
        assert "missing: frontend.visual." in loaded[1]


def test_librispeech(project: Path) -> None:
    """Films, translation, CTC; the table of both has them."""
    recipe = project / "egs2/librispeech/asr1"
    follow(recipe)
    exp = recipe / "exp_rehearsal"
    for name, before in (
        ("mid_both_k600_de", "pre_both_k600"),
        ("both_k600_de", "mid_both_k600_de"),
    ):
        log = (exp / name / "train.log").read_text(encoding="utf-8")
        loaded = log.partition(f"init_param exp_rehearsal/{before}: ")[2].splitlines()
        assert loaded and not re.search(r"missing:.*(encoder|frontend)", "\n".join(loaded[:3]))
    assert read_scores(recipe, "both_k600_de")["system"] == "both_k600_de"
    table = (recipe / "results/rehearsal.md").read_text(encoding="utf-8")
    assert "|MAE+CLR on Kinetics-600|" in table and "- **mid-training**, on average over" in table


def test_mlcoco(project: Path) -> None:
    recipe = project / "egs2/mlcoco/vgs1"
    follow(recipe)
    exp, units = recipe / "exp_rehearsal", recipe / "dump_rehearsal/units"
    # Two iterations of HuBERT; grounding goes on with the clusters of the second.
    source = yaml.safe_load((units / "hubert_bi/units.yaml").read_text(encoding="utf-8"))["source"]
    assert (source["experiment"], source["layer"]) == ("hubert_bi_it1", 2)
    centres = [units / name / "codebook/centres.npy" for name in ("hubert_bi", "vgs_bi")]
    assert centres[0].read_bytes() == centres[1].read_bytes()
    records = {
        test: json.loads((exp / f"vgs_bi_s1/{test}/scores.json").read_text(encoding="utf-8"))
        for test in ("abx", "languages", "retrieval")
    }
    assert {r["axes"]["layer"] for r in records["abx"]["conditions"]} >= {"layer3", "mfcc"}
    assert {r["set"] for r in records["retrieval"]["conditions"]} == {
        "caption_test_en",
        "caption_test_fr",
    }


def test_superb(project: Path) -> None:
    recipe = project / "egs2/superb/probe1"
    follow(recipe)
    exp = recipe / "exp_rehearsal"
    tokens = (recipe / "data_rehearsal/token_list").glob("*/tokens.txt")
    listed = next(tokens).read_text(encoding="utf-8").split()
    assert {"\u2581SIL", "\u2581SPN", "\u2581AH1"} <= set(listed)
    metrics = {"ks": "accuracy", "ic": "accuracy", "pr": "per", "sd": "der_lowest"}
    for task, metric in metrics.items():
        scores = json.loads((exp / f"{task}_below/decode/scores.json").read_text(encoding="utf-8"))
        (record,) = scores["conditions"]
        assert scores["scoring"]["metric"] == metric and record["set"] == f"{task}_test"
        assert record[metric]["num_utts"] > 0
    assert (exp / "ks_below/choice.tsv").read_text(encoding="utf-8").count("\tyes") == 1
    stored = recipe / "dump_rehearsal/states/below"
    assert {path.name for path in stored.iterdir()} == {
        f"{task}_{name}" for task in metrics for name in ("train", "valid")
    }
    page = (exp / "superb.md").read_text(encoding="utf-8")
    assert "|hardly trained|" in page and "+102.30 %" in page
