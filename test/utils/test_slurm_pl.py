"""slurm.pl against a pretended Slurm: scripts, options, waiting, failures, cancelling."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import job_command
import pytest
import slurm_submission

ROOT = Path(__file__).resolve().parents[2]
SLURM = str(ROOT / "utils/slurm.pl")

FAKES = {
    # Starts each array element in the background, as the cluster would, and answers like sbatch.
    "sbatch": """
echo "$*" >>sbatch.log
array=1-1
while [ $# -gt 1 ]; do [ "$1" = --array ] && array=${2%%%*}; shift; done
[ -e refuse ] && { echo "sbatch: error: invalid partition" >&2; exit 1; }
( for i in $(seq "${array%-*}" "${array#*-}"); do
    SLURM_JOB_ID=77 SLURM_ARRAY_TASK_ID=$i bash "$1" >>queue.log 2>&1 & echo $! >>pids
  done; wait; touch ended ) >/dev/null 2>&1 &
echo "Submitted batch job 77"
""",
    "squeue": "[ -e ended ] || echo 'RUNNING|None'",
    "scancel": 'echo "$*" >>scancel.log; [ $# -gt 1 ] || { touch ended; kill $(cat pids); }',
    "sacct": "echo OUT_OF_MEMORY",
    "srun": 'echo "srun $1"; while [[ $1 == -* ]]; do shift; done; exec "$@"',
    "scontrol": 'echo "$*" >>scontrol.log; [ -e state ] && cat state',
}


@pytest.fixture
def cluster(tmp_path: Path) -> Path:
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, text in FAKES.items():
        path = programs / name
        path.write_text(f"#!/usr/bin/env bash\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    (tmp_path / "conf").mkdir()
    config = (ROOT / "egs2/TEMPLATE/av1/conf/slurm.conf").read_text(encoding="utf-8")
    (tmp_path / "conf/slurm.conf").write_text(config, encoding="utf-8")
    return tmp_path


def start(cwd: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, SLURM, *arguments],
        cwd=cwd,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PATH": f"{cwd / 'bin'}:{os.environ['PATH']}"},
        # These tests may run under nohup themselves.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )


def run(cwd: Path, *arguments: str) -> tuple[int, str, str]:
    process = start(cwd, *arguments)
    out, error = process.communicate(timeout=60)
    return process.returncode, out, error


def test_array_runs_and_logs(cluster: Path) -> None:
    code, _, error = run(
        cluster,
        "--max-jobs-run",
        "2",
        "--mem",
        "4G",
        "JOB=1:3",
        "log/x.JOB.log",
        "echo",
        "part JOB",
    )
    assert code == 0, error
    for number in (1, 2, 3):
        log = (cluster / f"log/x.{number}.log").read_text(encoding="utf-8")
        assert f"part {number}\n" in log
        assert "with status 0" in log
    submitted = (cluster / "sbatch.log").read_text(encoding="utf-8")
    assert "--array 1-3%2" in submitted
    assert "--mem 4G" in submitted
    assert "--signal=USR1@120 --requeue" in submitted


def test_gpu_job_gets_cpus_and_memory_for_each_gpu(cluster: Path) -> None:
    sizes = ["--gpu", "2", "--num_nodes", "3", "--num_tasks", "2"]
    code, _, error = run(cluster, *sizes, "train.log", "echo", "it's on $MASTER_ADDR")
    assert code == 0, error
    submitted = (cluster / "sbatch.log").read_text(encoding="utf-8")
    assert "--gres gpu:2 --cpus-per-task 8 --mem-per-cpu 8G" in submitted
    assert "--nodes 3 --ntasks-per-node 2" in submitted
    log = (cluster / "train.log").read_text(encoding="utf-8")
    assert f"srun --export=ALL\nit's on {platform.node()}\n" in log


def test_own_memory_replaces_that_of_the_configuration(cluster: Path) -> None:
    assert run(cluster, "a.log", "true")[0] == 0
    assert run(cluster, "--mem", "9G", "b.log", "true")[0] == 0
    first, second = (cluster / "sbatch.log").read_text(encoding="utf-8").splitlines()
    assert "--mem-per-cpu 4G" in first
    assert "gres" not in first
    assert "--mem 9G" in second
    assert "--mem-per-cpu" not in second


@pytest.mark.parametrize("leave", ["exit 75", "kill -USR1 $$; sleep 5"])
def test_job_that_saved_is_queued_again_and_waited_for(cluster: Path, leave: str) -> None:
    # As scontrol: the job starts again, with the same log.
    (cluster / "bin/scontrol").write_text(
        '#!/usr/bin/env bash\necho "$*" >>scontrol.log\n[ "$1" = requeue ] || exit 1\n'
        "sleep 1; SLURM_JOB_ID=77 SLURM_RESTART_COUNT=1 bash q/a.sh &\n",
        encoding="utf-8",
    )
    program = cluster / "program.sh"
    text = f'echo start $SLURM_RESTART_COUNT\n[ -n "$SLURM_RESTART_COUNT" ] || {{ {leave}; }}\n'
    program.write_text(text, encoding="utf-8")
    code, _, error = run(cluster, "a.log", "bash", str(program))
    assert code == 0, error
    assert (cluster / "scontrol.log").read_text(encoding="utf-8") == "requeue 77\n"
    log = (cluster / "a.log").read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if line.startswith("start")] == ["start", "start 1"]
    assert log.count("with status") == 1


def test_job_that_cannot_be_queued_again_fails(cluster: Path) -> None:
    (cluster / "bin/scontrol").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    code, _, error = run(cluster, "a.log", "bash", "-c", "exit 75")
    assert code == 1
    assert "job failed, log is in a.log" in error
    assert "with status 75" in (cluster / "a.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("given", ["option", "configuration"])
def test_job_that_never_gets_done_fails_in_the_end(cluster: Path, given: str) -> None:
    """A time limit that is too short for one part of the work: every start ends in the warning."""
    (cluster / "bin/scontrol").write_text(
        '#!/usr/bin/env bash\n[ "$1" = requeue ] || exit 1\n'
        "export SLURM_RESTART_COUNT=$(( ${SLURM_RESTART_COUNT:-0} + 1 ))\nbash q/a.sh &\n",
        encoding="utf-8",
    )
    config = cluster / "conf/slurm.conf"
    text = config.read_text(encoding="utf-8")
    assert "default max_requeues=20\n" in text
    if given == "configuration":
        config.write_text(text.replace("max_requeues=20", "max_requeues=2"), encoding="utf-8")
    options = ["--max-requeues", "2"] if given == "option" else []
    code, _, error = run(cluster, *options, "a.log", "bash", "-c", "exit 75")
    assert code == 1
    assert "this job was queued again 2 times and is not done" in error
    assert "give it more --time" in error
    log = (cluster / "a.log").read_text(encoding="utf-8")
    assert (log.count("# Started"), log.count("; queued again")) == (3, 2)
    assert "with status 75" in log
    assert "requeues" not in (cluster / "sbatch.log").read_text(encoding="utf-8")


def test_number_of_requeues_must_be_one(cluster: Path) -> None:
    code, _, error = run(cluster, "--max_requeues", "never", "a.log", "true")
    assert code == 2
    assert "max_requeues is never; give the most times" in error


def test_failed_job_is_named_with_its_log(cluster: Path) -> None:
    code, _, error = run(
        cluster, "JOB=1:2", "x.JOB.log", "echo", "cause", ";", "test", "JOB", "=", "1"
    )
    assert code == 1
    assert "slurm.pl: 1 / 2 failed, log is in x.*.log" in error
    assert "first failed log: x.2.log" in error
    assert "    cause" in error


@pytest.mark.parametrize(
    ("controller", "expected"),
    [("JobId=77 JobState=TIMEOUT Reason=x", "TIMEOUT; give it more --time"),
     ("", "OUT_OF_MEMORY; give it more --mem")],
)  # fmt: skip
def test_job_that_vanished_is_explained(cluster: Path, controller: str, expected: str) -> None:
    """By the controller, or by accounting when the controller has forgotten it."""
    (cluster / "bin/sbatch").write_text(
        "#!/usr/bin/env bash\ntouch ended; echo Submitted batch job 77\n", encoding="utf-8"
    )
    if controller:
        (cluster / "state").write_text(controller, encoding="utf-8")
    code, _, error = run(cluster, "lost.log", "true")
    assert code == 1
    assert f"slurm.pl: job 77 left no status: {expected}" in error


def test_long_wait_is_told(cluster: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    submission = slurm_submission.Submission(job_command.parse(["a.log", "true"]), "77")
    monkeypatch.setattr(slurm_submission, "_QUIET_SEC", 0.0)
    for states in ("1 pending (resources)", "1 pending (resources)", None, "", "1 running"):
        submission._tell(states)
    assert capsys.readouterr().err.splitlines() == [
        "slurm.pl: job 77: 1 pending (resources)",
        "slurm.pl: job 77: 1 running",
    ]


def test_refused_submission(cluster: Path) -> None:
    (cluster / "refuse").touch()
    code, _, error = run(cluster, "a.log", "true")
    assert code == 2
    assert "sbatch refused a.log: sbatch: error: invalid partition" in error


def test_option_without_a_line_in_the_configuration(cluster: Path) -> None:
    code, _, error = run(cluster, "--colour", "red", "a.log", "true")
    assert code == 2
    assert "option colour=red is not described in conf/slurm.conf" in error


def test_unknown_line_in_the_configuration(cluster: Path) -> None:
    (cluster / "conf/slurm.conf").write_text("# fine\noptions a=b\n", encoding="utf-8")
    code, _, error = run(cluster, "a.log", "true")
    assert code == 2
    assert "conf/slurm.conf:2: expected" in error


def test_dry_run_prints_the_script_and_submits_nothing(cluster: Path) -> None:
    code, out, _ = run(cluster, "--dry_run", "-p", "long", "JOB=1:2", "x.JOB.log", "echo", "JOB")
    assert code == 0
    assert "-p long" in out.splitlines()[0]
    assert "'echo '\"${SLURM_ARRAY_TASK_ID}\"" in out
    assert not (cluster / "sbatch.log").exists()
    subprocess.run(["bash", "-n"], input=out, text=True, check=True)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(signal.SIGINT, "77"), (signal.SIGTERM, "77"), (signal.SIGHUP, "77"),
     (signal.SIGUSR1, "--signal=USR1 77")],
)  # fmt: skip
def test_signals_reach_the_cluster(cluster: Path, number: int, expected: str) -> None:
    process = start(cluster, "a.log", "echo", "on", ";", "sleep", "3")
    for _ in range(500):
        if (cluster / "a.log").exists() and "\non\n" in (cluster / "a.log").read_text("utf-8"):
            break
        time.sleep(0.02)
    time.sleep(0.3)  # sbatch has answered, but slurm.pl must also have read the answer
    process.send_signal(number)
    process.communicate(timeout=60)
    assert (cluster / "scancel.log").read_text(encoding="utf-8").strip() == expected
    assert process.returncode == (0 if number == signal.SIGUSR1 else 128 + number)
