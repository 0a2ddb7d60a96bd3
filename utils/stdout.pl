#!/usr/bin/env python3
"""Run a command (or numbered copies, one after another) with its output on the screen and in a log.

Usage: stdout.pl [options] [JOB=1:N] <log-file> <command> [<argument>...]
Options and signals are those of run.pl; jobs do not run in parallel.
"""

from __future__ import annotations

import sys

from job_runner import main

if __name__ == "__main__":
    sys.exit(main("stdout.pl", sys.argv[1:], on_screen=True))
