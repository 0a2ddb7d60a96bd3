"""Reports on folders that run.pl has filled, and on logs of slurm.pl with a pretended queue."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from espnet_av.bin import status
from espnet_av.errors import ConfigError
from espnet_av.status import report as report_module
from espnet_av.status.job_log import SILENT_SEC
from espnet_av.status.report import report

ROOT = Path(__file__).resolve().parents[3]
TRAIN_LOG = """\
2026-11-21 13:01:50,000 INFO: start at step 0 of 40
2026-11-21 13:01:51,000 INFO: step 10/40: loss=9.5 lr=0.001 skipped=0 epoch=0 ETA=0:00:30
2026-11-21 13:01:52,000 INFO: step 10: valid loss=8.25 acc=0.5
2026-11-21 13:01:52,500 INFO: step 10: saved
2026-11-21 13:01:53,000 INFO: step 20/40: loss=7.5 lr=0.001 skipped=0 epoch=1 ETA=0:00:20
"""


@pytest.fixture(autouse=True)
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A pretended squeue; without rows there is no Slurm."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:{Path(sys.executable).parent}:/bin")
    squeue = programs / "squeue"

    def write(*rows: str) -> None:
        text = "\n".join(f"echo '{row}'" for row in rows)
        squeue.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        squeue.chmod(0o755)

    squeue.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    squeue.chmod(0o755)
    return write


def run_pl(folder: Path, *words: str) -> None:
    command = [sys.executable, str(ROOT / "utils/run.pl"), *words]
    subprocess.run(command, cwd=folder, check=False, capture_output=True)


def write_log(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def lines_of(folder: Path, now: float | None = None) -> tuple[list[str], int]:
    found = report(folder, time.time() if now is None else now)
    return found.text.splitlines(), found.exit_code


def test_all_done(tmp_path: Path) -> None:
    run_pl(tmp_path, "JOB=1:3", "dump/train/logdir/dump.JOB.log", "echo", "part", "JOB")
    run_pl(tmp_path, "dump/train/logdir/dump.log", "true")
    lines, code = lines_of(tmp_path / "dump")
    assert lines == [str(tmp_path / "dump"), "  train/dump: 4 done"]
    assert code == 0


def test_failure_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    step = "seq 100; echo no clip JOB; exit JOB"
    run_pl(tmp_path, "JOB=1:2", "logdir/roi.JOB.log", "bash", "-c", step)
    run_pl(tmp_path, "logdir/score.log", "bash", "-c", "kill -9 $$")
    lines, code = lines_of(tmp_path)
    assert code == 1
    assert "  roi: 2 failed" in lines
    at = lines.index(f"    failed: {tmp_path}/logdir/roi.2.log (status 2)")
    assert lines[at + 8] == "        no clip 2"
    assert lines[at + 1] == "        94"
    assert f"    failed: {tmp_path}/logdir/score.log (killed by signal 9)" in lines


def test_job_that_runs(tmp_path: Path) -> None:
    log = write_log(tmp_path / "exp/logdir/decode.1.log", "# x", "# Started at noon", "#", "a line")
    write_log(tmp_path / "exp/logdir/decode.2.log", "# Started at noon", "# Ended (code 0) at one")
    now = time.time()
    state = {"desc": "decode", "done": 30, "initial": 10, "total": 50, "started": now - 100}
    (log.parent / "decode.1.log.progress").write_text(json.dumps(state), encoding="utf-8")
    lines, code = lines_of(tmp_path / "exp", now)
    assert lines[1] == "  decode: 1 done, 1 running; 30 of 50 in 1 running, ETA 0:01:40"
    assert code == 3


def test_job_without_news_was_killed(tmp_path: Path) -> None:
    log = write_log(tmp_path / "logdir/roi.log", "# Started at noon", "#", "last words")
    assert lines_of(tmp_path)[1] == 3
    lines, code = lines_of(tmp_path, log.stat().st_mtime + SILENT_SEC + 60)
    assert code == 1
    assert lines[1] == "  roi: silent"
    assert "no end in the log and no news for 0:11:00" in lines[2]
    assert lines[3].strip() == "last words"


def test_long_silence_of_a_living_job(tmp_path: Path) -> None:
    """It is seen by its hold on the log."""
    command = [sys.executable, str(ROOT / "utils/run.pl"), "logdir/fit.log"]
    command += ["bash", "-c", "echo on; sleep 30"]
    runner = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL)
    log = tmp_path / "logdir/fit.log"
    for _ in range(500):
        if log.exists() and "\non\n" in log.read_text(encoding="utf-8"):
            break
        time.sleep(0.02)
    later = time.time() + SILENT_SEC + 60
    try:
        assert lines_of(tmp_path, later) == ([str(tmp_path), "  fit: running"], 3)
    finally:
        runner.terminate()
    runner.wait(timeout=20)
    assert "(killed by signal 15)" in lines_of(tmp_path, later)[0][2]


def test_log_that_goes_away_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """slurm.pl removes the logs of a stage that it submits again."""
    logs = [
        write_log(tmp_path / f"logdir/{name}.log", "# Started at x", "# Ended (code 0) at y")
        for name in ("decode.1", "decode.2", "score")
    ]
    stat = Path.stat

    def vanish(path: Path, **options: bool):
        if path == logs[0]:
            logs[0].unlink(missing_ok=True)
        return stat(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", vanish)
        lines, _ = lines_of(tmp_path)
    assert sorted(lines[1:]) == ["  decode: done", "  score: done"]
    monkeypatch.setattr(report_module, "read_queue", logs[1].unlink)
    assert lines_of(tmp_path)[0][1:] == ["  score: done"]


def test_training_in_slurm(tmp_path: Path, queue) -> None:
    write_log(tmp_path / "train.log", TRAIN_LOG)
    log = write_log(
        tmp_path / "logdir/train.log",
        "# Running on node[1-2], job 17, start 0", "# Started at noon",
        "# Stopped at one, can go on; queued again",
        "# Running on node[1-2], job 17, start 1", "# Started at two",
    )  # fmt: skip
    write_log(log.parent / "q/train.job", "17")
    queue("17|RUNNING|None|node[1-2]|1:02:03", "18|PENDING|Resources||0:00")
    lines, code = lines_of(tmp_path)
    assert code == 3
    assert lines[1:] == [
        "  train: running",
        "    step 20 of 40 (50%): loss=7.5 lr=0.001 skipped=0 epoch=1 ETA=0:00:20",
        "    validated at step 10: loss=8.25 acc=0.5",
        "    saved at step 10",
        "    Slurm job 17: RUNNING on node[1-2] for 1:02:03",
        "    train.log: started 2 times",
    ]
    queue("17|PENDING|BeginTime||0:00")
    lines, code = lines_of(tmp_path)
    assert lines[1] == "  train: queued" and code == 3
    queue("18|PENDING|Resources||0:00")
    lines, code = lines_of(tmp_path)
    assert code == 1
    assert "(Slurm job 17 is gone and left no status)" in "\n".join(lines)


def test_array_in_slurm_shows_what_waits(tmp_path: Path, queue) -> None:
    head = ["# Running on node1, job 5_1, start 0", "# Started at noon"]
    write_log(tmp_path / "logdir/roi.1.log", *head, "# Finished at noon with status 0")
    write_log(tmp_path / "logdir/roi.2.log", head[0].replace("5_1", "5_2"), head[1])
    write_log(tmp_path / "logdir/q/roi.job", "5")
    waits = [f"5_{number}|PENDING|JobArrayTaskLimit||0:00" for number in range(3, 8)]
    queue("5_2|RUNNING|None|node1|0:07", *waits)
    lines, code = lines_of(tmp_path)
    assert code == 3
    assert lines[1:] == [
        "  roi: 1 done, 1 running",
        "    Slurm job 5_2: RUNNING on node1 for 0:07",
        "    Slurm job 5, 5 of its jobs: PENDING (JobArrayTaskLimit)",
    ]


def test_log_that_was_stopped_and_saved(tmp_path: Path) -> None:
    write_log(tmp_path / "logdir/train.log", "# Started at x", "# Ended (code 75) at y, elapsed z")
    lines, code = lines_of(tmp_path)
    assert code == 1
    assert lines[2].endswith("train.log (status 75, saved: run it again to go on)")


def test_program(tmp_path: Path, capsys) -> None:
    write_log(tmp_path / "logdir/pack.log", "# Started at x", "# Ended (code 0) at y")
    assert status.main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}\n  pack: done\n"
    with pytest.raises(SystemExit, match="holds no logdir"):
        status.main([str(tmp_path / "bin")])
    with pytest.raises(ConfigError, match="is no folder"):
        report(tmp_path / "exq", time.time())
