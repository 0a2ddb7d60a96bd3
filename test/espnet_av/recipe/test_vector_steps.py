"""Steps that make a teacher's vectors."""

from __future__ import annotations

from pathlib import Path

import pytest

from espnet_av.errors import ConfigError
from espnet_av.recipe.options import Options, parse_options
from espnet_av.recipe.plan import make_plan
from espnet_av.recipe.stages import Site
from espnet_av.recipe.step import Step
from espnet_av.recipe.vector_steps import vector_steps

ASKED = Options(vectors_config="v.yaml", teacher="downloads/labse/")


def step(options: Options) -> Step:
    parts = vector_steps(options, ["test", "train"])
    return next(part for part in parts if isinstance(part, Step))


def test_every_set_is_encoded_once_in_jobs_that_one_more_joins() -> None:
    found = step(ASKED)
    jobs = [" ".join(job.words) for job in found.jobs]
    told = "--teacher downloads/labse --data_dirs data/test data/train"
    assert [told in job for job in jobs] == [True, True]
    assert jobs[0].endswith("--ngpu 0 --job JOB --num_jobs 2") and jobs[1].endswith("--finish")
    assert found.marker == "dump/vectors/.done"


def test_other_sentences_or_another_teacher_are_encoded_again() -> None:
    inputs = step(ASKED).inputs
    for name in ("v.yaml", "data/.done", "if:data/train/text*", "downloads/labse/config.json"):
        assert name in inputs
    assert "if:downloads/labse/*.safetensors" in inputs
    assert "2" not in step(ASKED).words, "the number of jobs changes nothing"


def test_a_gpu_is_used_where_decoding_has_one() -> None:
    jobs = step(Options(vectors_config="v.yaml", teacher="t/x", ngpu=4)).jobs
    assert "--gpu 1" in " ".join(jobs[0].words) and "--ngpu 1" in " ".join(jobs[0].words)
    assert "--ngpu" not in jobs[1].words


def test_sets_without_transcripts_can_be_left_out() -> None:
    found = step(Options(vectors_config="v.yaml", teacher="t/x", vectors_sets="train valid"))
    assert "data/train" in found.jobs[0].words and "data/test" not in found.jobs[0].words
    with pytest.raises(ConfigError, match="'other': none of them is used here; there are: test"):
        step(Options(vectors_config="v.yaml", teacher="t/x", vectors_sets="other"))


def test_nobody_teaches_unless_asked() -> None:
    assert vector_steps(Options(), ["train"]) == []
    with pytest.raises(ConfigError, match="no --teacher: the folder of a text encoder"):
        vector_steps(Options(vectors_config="v.yaml"), ["train"])


def test_the_dump_comes_after_and_depends_on_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()
    for name in ("dump", "noise", "vectors"):
        (tmp_path / f"conf/{name}.yaml").touch()
    words = "--roi_config none --stage dump --stop_stage dump"
    without = make_plan(parse_options(words.split()), Site())
    words += " --vectors_config conf/vectors.yaml --teacher downloads/labse"
    found = make_plan(parse_options(words.split()), Site())
    markers = [part.marker for part in found if isinstance(part, Step)]
    made = {part.marker: part for part in found if isinstance(part, Step)}
    assert markers[0] == "dump/vectors/.done"
    assert "dump/vectors/.done" in made["dump/train/.done"].inputs
    for part in without:
        if isinstance(part, Step):
            assert "dump/vectors/.done" not in part.inputs
            assert part.words == made[part.marker].words
    with pytest.raises(ConfigError, match=r"--vectors_config conf/v\.yaml: no such file"):
        make_plan(parse_options([*words.split(), "--vectors_config", "conf/v.yaml"]), Site())
