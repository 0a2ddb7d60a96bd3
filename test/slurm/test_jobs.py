"""slurm.pl with a real Slurm: arrays, failures, cancelling, the time limit, several nodes."""

from __future__ import annotations

import itertools
import re
import signal

import pytest

pytestmark = pytest.mark.slow


def test_array_is_throttled_and_a_failed_job_is_named(jobs) -> None:
    step = "date +%s.%N; sleep 1; date +%s.%N; echo cause JOB; test JOB != 3"
    code, error = jobs.run("--max-jobs-run", "1", "JOB=1:4", "log/x.JOB.log", "bash", "-c", step)
    assert code == 1
    assert "slurm.pl: 1 / 4 failed, log is in log/x.*.log" in error
    assert "first failed log: log/x.3.log" in error
    assert "cause 3" in error
    logs = [jobs.read(f"log/x.{number}.log") for number in range(1, 5)]
    assert [f"cause {number}" in log for number, log in enumerate(logs, 1)] == [True] * 4
    assert ["with status 0" in log for log in logs] == [True, True, False, True]
    times = sorted(list(map(float, re.findall(r"^\d+\.\d+$", log, re.MULTILINE))) for log in logs)
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(times))


def test_one_task_on_each_node(jobs) -> None:
    words = "$SLURM_PROCID on $SLURMD_NODENAME of $SLURM_STEP_NUM_TASKS, $SLURM_CPUS_PER_TASK CPU"
    code, error = jobs.run("--num_nodes", "2", "--num_threads", "1", "a.log", "echo", words)
    assert code == 0, error
    lines = {line for line in jobs.read("a.log").splitlines() if not line.startswith("#")}
    assert lines == {"0 on node1 of 2, 1 CPU", "1 on node2 of 2, 1 CPU"}


def test_one_task_that_fails_ends_the_others(jobs) -> None:
    program = jobs.folder / "program.sh"
    program.write_text("[ $SLURM_PROCID = 0 ] || exit 3\nsleep 300\n")
    code, error = jobs.run("--num_nodes", "2", "a.log", "bash", str(program))
    assert code == 1
    assert "task 1: Exited with exit code 3" in error
    assert "does not answer" not in jobs.read("a.log")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_cancels(jobs, number: int, wait_until) -> None:
    """The command has time to save, and is not started again if it leaves with 75."""
    program = jobs.folder / "program.sh"
    # Slurm signals the children too, and now and then first: the program must not end with them.
    wait = "while true; do sleep 0.1; done"
    program.write_text(f"trap 'sleep 0.5; touch saved; exit 75' TERM\necho on\n{wait}\n")
    process = jobs.start("a.log", "bash", str(program))
    wait_until(lambda: "\non\n" in jobs.read("a.log"))
    process.send_signal(number)
    assert "slurm.pl: cancelling job" in process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    wait_until(lambda: jobs.slurm.command("squeue", "--noheader").stdout == "")
    assert (jobs.folder / "saved").exists()
    assert "queued again" not in jobs.read("a.log")


def test_job_cancelled_by_somebody_else_is_explained(jobs, wait_until) -> None:
    process = jobs.start("JOB=1:2", "a.JOB.log", "bash", "-c", "echo on; sleep 60; echo off")
    wait_until(lambda: all("\non\n" in jobs.read(f"a.{number}.log") for number in (1, 2)))
    match = re.search(r"job (\d+)_2", jobs.read("a.2.log"))
    jobs.slurm.command("scancel", match[1])
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert f"job {match[1]}_1 left no status: CANCELLED" in error


def test_time_limit_saves_and_goes_on(jobs) -> None:
    """Slurm's own warning, in an array: each job stops, is queued again and ends."""
    config = jobs.folder / "conf/slurm.conf"
    config.write_text(config.read_text().replace("USR1@120", "USR1@57"))
    program = jobs.folder / "program.sh"
    program.write_text(
        "[ -e part$1 ] && { echo goes on; exit; }\n"
        "trap 'touch part$1; exit 75' USR1\nwhile true; do sleep 0.1; done\n"
    )
    words = ["--time", "1", "JOB=1:2", "a.JOB.log", "bash", str(program), "JOB"]
    code, error = jobs.run(*words)
    assert code == 0, error
    for number in (1, 2):
        log = jobs.read(f"a.{number}.log")
        assert re.search(r"can go on; queued again\n# Running on .*start 1\n", log), log
        assert "\ngoes on\n" in log


def test_refused(jobs) -> None:
    code, error = jobs.run("--gpu", "1", "a.log", "true")
    assert code == 2
    assert "sbatch refused a.log: sbatch: error: " in error
