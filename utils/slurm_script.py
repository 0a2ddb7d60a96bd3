"""From a parsed command line and conf/slurm.conf to the batch script and the sbatch command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from job_command import JobCommand, UsageError

_OWN_OPTIONS = {"config"}


@dataclass
class SlurmConfig:
    """What conf/slurm.conf says.

    `command` is the sbatch command with its fixed options; `texts` maps (option, value or '*') to
    the text to add, in which `$0` stands for the value; `defaults` are options set by themselves.
    """

    path: Path
    command: list[str] = field(default_factory=lambda: ["sbatch"])
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)


def load_config(path: Path) -> SlurmConfig:
    """Read lines `command ...`, `option name=value text`, `option name=* text`, `default n=v`.

    Raises:
        UsageError: the file is missing or a line is none of these.
    """
    config = SlurmConfig(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        msg = f"cannot read {path}: {error.strerror}; copy it from the recipe template"
        raise UsageError(msg) from error
    for number, line in enumerate(lines, 1):
        words = line.split("#")[0].split(None, 2)
        if not words:
            continue
        name, _, value = words[1].partition("=") if len(words) > 1 else ("", "", "")
        if words[0] == "command" and name:
            config.command = shlex.split(line.split("#")[0])[1:]
        elif words[0] == "option" and value:
            config.texts[name, value] = words[2].strip() if len(words) > 2 else ""
        elif words[0] == "default" and value:
            config.defaults[name] = value
        else:
            msg = f"{path}:{number}: expected 'command ...', 'option k=v ...' or 'default k=v'"
            raise UsageError(msg)
    return config


def sbatch_command(job: JobCommand, config: SlurmConfig, script: Path) -> list[str]:
    """Build the sbatch command line; an option that the configuration lacks is an error."""
    options = {**config.defaults, **job.options}
    options = {name: value for name, value in options.items() if name not in _OWN_OPTIONS}
    words = [*config.command]
    for name, value in options.items():
        text = config.texts.get((name, value), config.texts.get((name, "*")))
        if text is None:
            msg = f"option {name}={value} is not described in {config.path}; add a line for it"
            raise UsageError(msg)
        words += shlex.split(text.replace("$0", value))
    words += job.passed_on
    queue_log = str(script.with_suffix(".log"))
    words += ["--open-mode=append", "-e", queue_log, "-o", queue_log]
    if job.variable:
        limit = options.get("max_jobs_run")
        words += ["--array", f"{job.first}-{job.last}" + (f"%{limit}" if limit else "")]
    return [*words, str(script)]


def script_path(job: JobCommand) -> Path:
    """Where the batch script goes: `q/` beside the log, without the job's number in the name."""
    name = Path(job.log_pattern.replace("*", "")).name.replace("..", ".")
    return Path(job.log).parent / "q" / f"{Path(name).stem.strip('.') or 'job'}.sh"


def batch_script(job: JobCommand) -> str:
    """Bash script of one job of the array; it appends, so that a requeued job keeps its log."""
    index = "${SLURM_ARRAY_TASK_ID}"
    log, line = job.log_path(index), job.shell_line(index)
    run = f"( {line} )"
    if int(job.options.get("gpu", 0)) > 0 or int(job.options.get("num_nodes", 1)) > 1:
        # srun gives one task a GPU, and is what Slurm's warning signal reaches.
        run = f"srun --export=ALL bash -c {shlex.quote(line)}"
        if job.variable:
            run = f"srun --export=ALL bash -c {_expandable(line)}"
    return f"""#!/usr/bin/env bash
cd {shlex.quote(str(Path.cwd()))} || exit 1
[ -e ./path.sh ] && . ./path.sh
log="{log}"
export AV_PROGRESS_FILE="{log}.progress"
export SRUN_CPUS_PER_TASK="${{SLURM_CPUS_PER_TASK:-1}}"
started=$(date +%s)
{{ echo "# Running on $(hostname), job ${{SLURM_JOB_ID:-?}}, start ${{SLURM_RESTART_COUNT:-0}}"
  echo "# Started at $(date)"
  echo {shlex.quote("# " + line)}
}} >>"$log"
{run} >>"$log" 2>&1
status=$?
{{ echo "# Accounting: time=$(( $(date +%s) - started )) threads=1"
  echo "# Finished at $(date) with status $status"
}} >>"$log"
exit $status
"""


def _expandable(line: str) -> str:
    """Quote for bash so that only the array index expands."""
    index = "${SLURM_ARRAY_TASK_ID}"
    return f'"{index}"'.join(shlex.quote(part) if part else "" for part in line.split(index))
