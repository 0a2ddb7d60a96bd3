"""How programs are started: what marks finished work, and what its jobs are told besides."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from espnet_av.recipe.chain import default_test
from espnet_av.recipe.jobs import decode_sets, parallel_jobs, python_job
from espnet_av.recipe.options import Options


def test_decoding_is_told_by_what_it_will_be_judged(tmp_path: Path) -> None:
    options = Options(decode_config="conf/decode.yaml", decode_nj=3)
    expected = tmp_path / "expected_scores.yaml"
    test = dataclasses.replace(default_test(options, "exp/x"), expected=str(expected))
    words, (job,) = decode_sets(options, test, "--sets", "dump/test")
    assert "--expected" not in job.words
    expected.write_text("scoring: {metric: cer}\n", encoding="utf-8")
    same, (told,) = decode_sets(options, test, "--sets", "dump/test")
    # Results are the same whatever judges them: what is decoded stays so when targets are edited.
    assert same == words == ("decode_sets", "--sets", "dump/test")
    place = told.words.index("--expected")
    assert told.words[place + 1] == str(expected) and told.words[-1] == "exp/x/decode"
    assert [w for w in told.words if w not in ("--expected", str(expected))] == list(job.words)
    for none in ("", str(tmp_path)):
        unjudged = dataclasses.replace(test, expected=none)
        assert decode_sets(options, unjudged, "--sets", "dump/test")[1] == (job,)


def test_jobs_of_a_stage_do_not_mark_it() -> None:
    few, many = (parallel_jobs(Options(nj=nj), "log", "dump", "data", "out") for nj in (1, 9))
    assert few[0] == many[0] == ("parallel_jobs", "log", "dump", "data", "out")
    assert "JOB=1:9" in many[1][0].words and many[1][1].words[-1] == "--finish"
    words, (job,) = python_job("log", "noise", "a")
    assert words == ("python_job", "log", "noise", "a")
    assert job.words == ("log", "python3", "-m", "espnet_av.bin.noise", "a")
