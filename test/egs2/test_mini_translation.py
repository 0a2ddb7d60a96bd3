"""The translation recipe of mini_av: what it asks of the stages, and that its task is one."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from espnet_av.config import load_config
from espnet_av.corpora.mini_av import MiniAvConfig
from espnet_av.corpora.mini_av.grammar import LEXICONS
from espnet_av.corpora.mini_av.script import write_script
from espnet_av.search.decode_config import DecodeConfig

RECIPE = Path(__file__).resolve().parents[2] / "egs2/mini_av/avst1"
CORPUS = RECIPE / "conf/corpus_xx-en.yaml"


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the recipe would run on an empty disk."""
    work = tmp_path_factory.mktemp("avst1")
    folders = [f"--{name}dir={work}/{name}" for name in ("data", "dump", "exp")]
    result = subprocess.run(
        [RECIPE / "run.sh", "--dry_run", "true", *(w for f in folders for w in f.split("="))],
        check=True,
        capture_output=True,
        text=True,
    )
    return [line for line in result.stdout.splitlines() if line.startswith("    ")]


def command(commands: list[str], verb: str) -> str:
    return next(line for line in commands if f"espnet_av.bin.{verb} " in line)


def test_english_is_written_whatever_is_heard(commands: list[str]) -> None:
    assert "--target_lang en" in command(commands, "tokens")
    assert "dataset.target_lang=en" in command(commands, "train")
    assert any("--corpus_config conf/corpus_xx-en.yaml" in line for line in commands)


def test_settings_of_recognition_are_shared(commands: list[str]) -> None:
    for verb in ("roi", "dump", "noise"):
        config = f"../avsr1/conf/{verb}.yaml"
        assert f"--config {config}" in command(commands, verb)
        assert (RECIPE / config).is_file()


def test_every_source_differs_from_english_and_orders_differ() -> None:
    langs = load_config(MiniAvConfig, CORPUS).langs
    assert len(langs) >= 4
    assert "en" not in langs
    assert len({LEXICONS[lang].order for lang in langs}) == 3


def test_no_translation_of_the_test_is_trained_on_and_all_fit_the_search() -> None:
    lines = write_script(load_config(MiniAvConfig, CORPUS))
    trained, tested = (
        {line.texts["en"] for line in lines if line.split == split} for split in ("train", "test")
    )
    assert trained.isdisjoint(tested)
    limit = -load_config(DecodeConfig, RECIPE / "conf/decode.yaml").maxlenratio
    assert max(len(text.split()) for text in trained | tested) <= limit
