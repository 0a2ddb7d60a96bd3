"""run.pl: Kaldi's command line, logs, failures, progress."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

UTILS = Path(__file__).resolve().parents[2] / "utils"
RUN = str(UTILS / "run.pl")


def run(cwd: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **env},
    )


def test_log_has_kaldi_header_and_footer(tmp_path: Path) -> None:
    result = run(tmp_path, "log/a.log", "echo", "hello")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    lines = (tmp_path / "log/a.log").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# echo hello"
    assert lines[1].startswith("# Started at ")
    assert lines[2:4] == ["#", "hello"]
    assert lines[4].startswith("# Accounting: time=")
    assert lines[5].startswith("# Ended (code 0) at ")


def test_job_number_replaces_the_name_in_log_and_command(tmp_path: Path) -> None:
    result = run(tmp_path, "--mem", "4G", "X=2:4", "-tc", "2", "x.X.log", "echo", "part.X.of.4")
    assert result.returncode == 0
    for number in (2, 3, 4):
        assert f"part.{number}.of.4" in (tmp_path / f"x.{number}.log").read_text(encoding="utf-8")
    assert not (tmp_path / "x.1.log").exists()


def test_shell_operators_and_quoting(tmp_path: Path) -> None:
    run(tmp_path, "a.log", "echo", "one  two", "|", "tr", "a-z", "A-Z", ">", "out.txt")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "ONE  TWO\n"
    run(tmp_path, "b.log", "echo", 'say "hi" $HOME')
    assert 'say "hi" $HOME\n' in (tmp_path / "b.log").read_text(encoding="utf-8")
    run(tmp_path, "c.log", "echo", "home is $WHERE", WHERE="here")
    assert "home is here\n" in (tmp_path / "c.log").read_text(encoding="utf-8")


def test_failure_names_the_log_and_shows_its_end(tmp_path: Path) -> None:
    result = run(tmp_path, "a.log", "echo the cause; exit 3")
    assert result.returncode == 1
    assert "run.pl: job failed, log is in a.log" in result.stderr
    result = run(tmp_path, "b.log", "bash", "-c", "echo the cause >&2; exit 3")
    assert "    the cause" in result.stderr
    assert "# Ended (code 3)" in (tmp_path / "b.log").read_text(encoding="utf-8")


def test_failures_of_an_array_are_counted_and_the_others_finish(tmp_path: Path) -> None:
    result = run(tmp_path, "JOB=1:3", "x.JOB.log", "test", "JOB", "-ne", "2", "&&", "echo", "fine")
    assert result.returncode == 1
    assert "run.pl: 1 / 3 failed, log is in x.*.log" in result.stderr
    assert "first failed log: x.2.log" in result.stderr
    assert "fine" in (tmp_path / "x.3.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["only.log"], "expected"),
        (["JOB=1:2", "same.log", "true"], "must contain JOB"),
        (["JOB=0:2", "x.JOB.log", "true"], "bad job range"),
        (["JOB=3:2", "x.JOB.log", "true"], "bad job range"),
        (["--mem"], "needs a value"),
        (["--gpu", "1", "a.log", "true"], "--gpu 1 asked for, 0 found"),
        (["--num_nodes", "2", "a.log", "true"], "one machine"),
    ],
)
def test_usage_errors(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = run(tmp_path, *arguments, CUDA_VISIBLE_DEVICES="")
    assert result.returncode == 2
    assert message in result.stderr


def test_max_jobs_run_limits_parallel_jobs(tmp_path: Path) -> None:
    command = "mkdir busy && sleep 0.05 && rmdir busy"
    assert (
        run(tmp_path, "--max-jobs-run", "1", "J=1:4", "x.J.log", *command.split()).returncode == 0
    )


def test_gpus_are_lent_to_one_job_each(tmp_path: Path) -> None:
    command = ["echo", "gpu", "is", "$CUDA_VISIBLE_DEVICES", ";", "sleep", "0.2"]
    result = run(
        tmp_path, "--gpu", "1", "-tc", "4", "J=1:2", "x.J.log", *command, CUDA_VISIBLE_DEVICES="4,7"
    )
    assert result.returncode == 0
    seen = "".join((tmp_path / f"x.{i}.log").read_text(encoding="utf-8") for i in (1, 2))
    assert "gpu is 4\n" in seen
    assert "gpu is 7\n" in seen


def test_num_threads_sets_openmp(tmp_path: Path) -> None:
    run(tmp_path, "--num-threads", "3", "a.log", "echo", "threads $OMP_NUM_THREADS")
    assert "threads 3\n" in (tmp_path / "a.log").read_text(encoding="utf-8")


def test_killed_job_is_reported_with_its_signal(tmp_path: Path) -> None:
    result = run(tmp_path, "a.log", "kill", "-9", "$$")
    assert result.returncode == 1
    assert "# Ended (code 0; signal 9)" in (tmp_path / "a.log").read_text(encoding="utf-8")


PROGRESS = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from espnet_av.progress import ProgressBar
bar = ProgressBar(total=10, desc="roi", unit="clip")
bar.update(5, wer=12.5)
bar.close()
time.sleep(0.8)
"""


def test_progress_is_one_bar_over_all_jobs_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(PROGRESS, encoding="utf-8")
    job = [sys.executable, "job.py", str(UTILS.parent)]
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, RUN, "-tc", "2", "J=1:2", "x.J.log", *job],
        cwd=tmp_path,
        stderr=follower,
    )
    assert process.wait(timeout=60) == 0
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    assert "roi:  50% [############............] 10/20 ETA" in shown
    assert "wer=12.5" in shown
    assert not list(tmp_path.glob("*.progress"))


def test_no_progress_without_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(PROGRESS, encoding="utf-8")
    result = run(tmp_path, "a.log", sys.executable, "job.py", str(UTILS.parent))
    assert (result.returncode, result.stderr) == (0, "")


def test_stdout_pl_shows_and_logs(tmp_path: Path) -> None:
    command = [sys.executable, str(UTILS / "stdout.pl"), "J=1:2", "x.J.log", "echo", "part J"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert result.stdout == "part 1\npart 2\n"
    assert "part 2\n" in (tmp_path / "x.2.log").read_text(encoding="utf-8")


def test_stdout_pl_runs_one_after_another_and_reports_failures(tmp_path: Path) -> None:
    step = "mkdir busy && echo cause J && rmdir busy && test J -ne 2"
    command = [sys.executable, str(UTILS / "stdout.pl"), "J=1:3", "x.J.log", *step.split()]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == "cause 1\ncause 2\ncause 3\n"
    assert "stdout.pl: 1 / 3 failed, log is in x.*.log" in result.stderr
    assert "# Ended (code 1)" in (tmp_path / "x.2.log").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("log", "cure"),
    [
        (f"exp/{'x' * 300}/a.log", "File name too long.*shorten the name, as by --tag"),
        ("taken/a.log", "Not a directory|File exists"),
        ("folder", "Is a directory.*check the path"),
    ],
)
@pytest.mark.parametrize("program", ["run.pl", "stdout.pl"])
def test_log_that_cannot_be_written(tmp_path: Path, program: str, log: str, cure: str) -> None:
    (tmp_path / "taken").touch()
    (tmp_path / "folder").mkdir()
    result = subprocess.run(
        [sys.executable, str(UTILS / program), log, "echo", "hello"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    assert re.search(rf"^{program}: .*({cure}).*, and run again$", result.stderr, re.MULTILINE)
