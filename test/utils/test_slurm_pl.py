"""slurm.pl against a pretended Slurm: scripts, options, waiting, failures, cancelling."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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
    "squeue": "[ -e ended ] || echo '77 RUNNING'",
    "scancel": 'echo "$*" >>scancel.log; [ $# -gt 1 ] || { touch ended; kill $(cat pids); }',
    "sacct": "echo '77|OUT_OF_MEMORY|0:125|None'",
    "srun": 'echo "srun $1"; shift; exec "$@"',
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


def test_gpu_job_gets_eight_cpus_a_gpu_and_srun(cluster: Path) -> None:
    code, _, error = run(cluster, "--gpu", "2", "--num_nodes", "3", "train.log", "echo", "it's on")
    assert code == 0, error
    submitted = (cluster / "sbatch.log").read_text(encoding="utf-8")
    assert "--gres=gpu:2 --ntasks-per-node=2 --cpus-per-task=8" in submitted
    assert "--nodes 3" in submitted
    log = (cluster / "train.log").read_text(encoding="utf-8")
    assert "srun --export=ALL\nit's on\n" in log


def test_failed_job_is_named_with_its_log(cluster: Path) -> None:
    code, _, error = run(
        cluster, "JOB=1:2", "x.JOB.log", "echo", "cause", ";", "test", "JOB", "=", "1"
    )
    assert code == 1
    assert "slurm.pl: 1 / 2 failed, log is in x.*.log" in error
    assert "first failed log: x.2.log" in error
    assert "    cause" in error


def test_job_that_vanished_is_explained_by_accounting(
    cluster: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (cluster / "bin/sbatch").write_text(
        "#!/usr/bin/env bash\ntouch ended; echo Submitted batch job 77\n", encoding="utf-8"
    )
    loader = importlib.machinery.SourceFileLoader("slurm_pl", SLURM)
    spec = importlib.util.spec_from_loader("slurm_pl", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    monkeypatch.setattr(module, "_NFS_WAIT_SEC", 0.1)
    monkeypatch.setattr(module, "install_handlers", lambda handler: None)
    monkeypatch.chdir(cluster)
    monkeypatch.setenv("PATH", f"{cluster / 'bin'}:{os.environ['PATH']}")
    assert module.main(["lost.log", "true"]) == 1
    submission = module.Submission(module.parse(["lost.log", "true"]), "77")
    assert "OUT_OF_MEMORY" in submission.explain(1)


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
    assert "( echo ${SLURM_ARRAY_TASK_ID} )" in out
    assert not (cluster / "sbatch.log").exists()
    subprocess.run(["bash", "-n"], input=out, text=True, check=True)


@pytest.mark.parametrize(
    ("number", "expected"),
    [(signal.SIGINT, "77"), (signal.SIGTERM, "77"), (signal.SIGUSR1, "--signal=USR1 77")],
)
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
