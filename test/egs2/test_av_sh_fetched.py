"""av.sh: a file that was missing or damaged and has come is read, and its stages run again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from av_recipe import make_recipe, run, verbs


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return make_recipe(tmp_path)


STAGES = {
    "data": ["data.sh", "roi", "dump"],
    "data/lrs3": ["data.sh", "roi", "dump"],
    "dump/roi/test": ["roi", "dump"],
    "dump/test": ["dump"],
}


@pytest.mark.parametrize("folder", STAGES)
def test_a_file_that_has_come(recipe: Path, folder: str) -> None:
    assert run(recipe, "--stop_stage", "3")[0] == 0
    film, absent = recipe / "my films/a b.mp4", recipe / "none.mp4"
    film.parent.mkdir()
    (recipe / folder).mkdir(exist_ok=True)
    (recipe / folder / "to_fetch.txt").write_text(f"{film}\n{absent}\n", encoding="utf-8")
    assert run(recipe, "--stop_stage", "3")[2] == [], "nothing has come"
    film.write_text("a film", encoding="utf-8")
    os.utime(film, (1, 1))  # wget and rsync give it the time of its source
    code, out, started = run(recipe, "--stop_stage", "3", "--dry_run", "true")
    assert code == 0 and started == [] and STAGES[folder][0] in out
    code, out, started = run(recipe, "--stop_stage", "3")
    assert code == 0, out
    assert [verb for verb in verbs(started) if verb != "noise"] == STAGES[folder]
    assert run(recipe, "--stop_stage", "3")[2] == [], "it is known now"
    film.write_text("a film again", encoding="utf-8")
    assert verbs(run(recipe, "--stop_stage", "3")[2])[0] == STAGES[folder][0]
