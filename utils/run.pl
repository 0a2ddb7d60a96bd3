#!/usr/bin/env python3
"""Run a command, or N numbered copies of it in parallel, on this machine, each with its log.

Usage: run.pl [--max-jobs-run N | -tc N] [--gpu N] [JOB=1:N] <log-file> <command> [<argument>...]
Other `--option value` pairs (--mem, --num-threads, --time, ...) are accepted and ignored, so that
cmd.sh can name a cluster's options. Ctrl-C, SIGTERM and a terminal that closes (except under nohup)
end the jobs, which may save first; a second Ctrl-C kills them. SIGUSR1 is passed to them.
"""

from __future__ import annotations

import sys

from job_runner import main

if __name__ == "__main__":
    sys.exit(main("run.pl", sys.argv[1:]))
