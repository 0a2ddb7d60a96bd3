#!/usr/bin/env python3
"""Run a command, or a job array of N numbered copies of it, through Slurm and wait for the end.

Usage: slurm.pl [--config conf/slurm.conf] [--name S] [--time T] [--mem M] [--num-threads N]
                [--gpu N] [--num-nodes N] [--num-tasks N] [--max-jobs-run N] [--max-requeues N]
                [--dry_run] [JOB=1:N] <log-file> <command> [<argument>...]
Each `--option value` becomes the sbatch text that the configuration file gives for it; other
`-x value` pairs go to sbatch as they are. --num-tasks is for each node. --dry_run prints the batch
script and submits nothing. Ctrl-C, SIGTERM and a terminal that closes (except under nohup) cancel
the jobs, which may save first; SIGUSR1 is passed to them.
A job that is warned of its time limit, or loses its node, is queued again and goes on; after
--max-requeues times (20) it fails, as no part of its work may fit into the limit.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from job_command import JobCommand, UsageError, cure_of, log_tail, parse, report_failure
from job_signals import install_handler
from slurm_script import batch_script, load_config, max_requeues, sbatch_command, script_path
from slurm_submission import Submission, submit


def prepare(job: JobCommand) -> tuple[str, list[str], Path]:
    """Return the batch script, the sbatch command line and where the script goes."""
    config = load_config(Path(job.options.get("config", "conf/slurm.conf")))
    path = script_path(job)
    script = batch_script(job, max_requeues(job, config))
    return script, sbatch_command(job, config, path), path


def run(job: JobCommand) -> int:
    """Submit and wait; returns the exit status."""
    script, command, path = prepare(job)
    if "dry_run" in job.flags:
        print(f"# {shlex.join(command)}\n{script}", end="")
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script, encoding="utf-8")
    for index in job.indices:
        job.log_path(index).parent.mkdir(parents=True, exist_ok=True)
        job.log_path(index).unlink(missing_ok=True)
    # A signal that comes while sbatch runs must not leave a job behind.
    early: list[int] = []
    install_handler(lambda number, _frame: early.append(number))
    submission = Submission(job, submit(job, command))
    path.with_suffix(".job").write_text(submission.job_id, encoding="utf-8")  # for `status`
    install_handler(submission.on_signal)
    for number in early:
        submission.on_signal(number, None)
    submission.wait()
    failed = submission.failures()
    if failed:
        report_failure("slurm.pl", job, failed)
        for index in [index for index in failed if submission.is_open(index)][:1]:
            print(f"slurm.pl: {submission.explain(index)}", file=sys.stderr)
            print(log_tail(path.with_suffix(".log")), file=sys.stderr)
        return 1
    return 0


def main(argv: list[str]) -> int:
    """Parse and run; returns the exit status."""
    try:
        return run(parse(argv, flags=frozenset({"dry_run"})))
    except UsageError as error:
        print(f"slurm.pl: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        print(f"slurm.pl: {error}; {cure_of(error)}, and run again", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
