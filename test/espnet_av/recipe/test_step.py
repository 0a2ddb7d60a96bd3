"""Lines of a plan: what a shell reads of them."""

from __future__ import annotations

import subprocess

from espnet_av.recipe.step import Job, Note, Step, log, render


def test_words_reach_a_shell_as_they_are() -> None:
    odd = ["a b", "$HOME", "it's", "one\ntwo's \\n", "*", "", "größe"]
    text = render([Note(("show", *odd))])
    assert text.count("\n") == 1
    script = f"show() {{ printf '%s\\0' \"$@\"; }}\n{text}"
    shown = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout
    assert shown.decode().split("\0")[:-1] == odd


def test_a_step_is_its_mark_its_jobs_and_its_end() -> None:
    job = Job("train_cmd", ("JOB=1:2", "x/log", "python3", "-m", "p"))
    step = Step("x/.done", ("conf/a.yaml", "", "if:d/text.??"), ("python_job", "a b"), (job,))
    assert render([log("stage 1"), step]).splitlines() == [
        "log 'stage 1'",
        "once x/.done 'conf/a.yaml if:d/text.??' python_job 'a b'",
        "job train_cmd JOB=1:2 x/log python3 -m p",
        "finished",
    ]
