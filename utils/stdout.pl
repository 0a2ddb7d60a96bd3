#!/usr/bin/env python3
"""Run a command (or numbered copies, one after another) with its output on the screen and in a log.

Usage: stdout.pl [options] [JOB=1:N] <log-file> <command> [<argument>...]
"""

from __future__ import annotations

import subprocess
import sys
import time

from job_command import JobCommand, UsageError, footer, header, parse


def run_one(job: JobCommand, index: int) -> int:
    """Run job `index`, copying its output; returns its exit status."""
    log = job.log_path(index)
    log.parent.mkdir(parents=True, exist_ok=True)
    line = job.shell_line(index)
    started = time.time()
    with log.open("wb", buffering=0) as stream:
        stream.write(header(line).encode())
        process = subprocess.Popen(
            ["bash", "-c", line], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        for chunk in iter(lambda: process.stdout.read1(4096), b""):
            stream.write(chunk)
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
        code = process.wait()
        stream.write(footer(code, time.time() - started).encode())
    return code


def main(argv: list[str]) -> int:
    """Run the jobs in order, stopping at the first failure; returns the exit status."""
    try:
        job = parse(argv)
    except UsageError as error:
        print(f"stdout.pl: {error}", file=sys.stderr)
        return 2
    for index in job.indices:
        if run_one(job, index) != 0:
            print(f"stdout.pl: job failed, log is in {job.log_path(index)}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
