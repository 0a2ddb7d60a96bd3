"""From a parsed command line and conf/slurm.conf to the batch script and the sbatch command."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from job_command import JobCommand, UsageError

_OWN_OPTIONS = {"config", "max_requeues"}
_MAX_REQUEUES = "20"
_SAVED = 75
_DIED_OF_USR1 = 138
# One process of a job. It outlives the warning, to note that the command wants to be run again;
# it then succeeds, as srun would kill the other processes while they are still saving. It outlives
# a cancelling too: Slurm kills the command at once when this process has ended.
_TASK = f"""trap : USR1 TERM
eval "$1"
status=$?
case $status in {_SAVED}|{_DIED_OF_USR1}) touch "$log.again"; exit 0 ;; esac
exit $status"""
_PROBE = """if [ "$status" -ne 0 ] && ! timeout 60 srun --overlap true >/dev/null 2>&1; then
  echo "# A node of $SLURM_JOB_NODELIST does not answer" >>"$log"
  touch "$log.again"
  status=0
fi
"""


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
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        msg = f"cannot read {path}: {reason}; copy it from the recipe template"
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
    if "mem" in job.options:
        words = _without_option(words, "--mem-per-cpu")  # sbatch takes one of the two
    words += job.passed_on
    queue_log = str(script.with_suffix(".log"))
    words += ["--open-mode=append", "-e", queue_log, "-o", queue_log]
    if job.variable:
        limit = options.get("max_jobs_run")
        words += ["--array", f"{job.first}-{job.last}" + (f"%{limit}" if limit else "")]
    return [*words, str(script)]


def _without_option(words: list[str], name: str) -> list[str]:
    if name not in words:
        return words
    at = words.index(name)
    return words[:at] + words[at + 2 :]


def script_path(job: JobCommand) -> Path:
    """Where the batch script goes: `q/` beside the log, without the job's number in the name."""
    name = Path(job.log_pattern.replace("*", "")).name.replace("..", ".")
    return Path(job.log).parent / "q" / f"{Path(name).stem.strip('.') or 'job'}.sh"


def max_requeues(job: JobCommand, config: SlurmConfig) -> int:
    """How often a job may be put back in the queue, by the command line or the configuration.

    Raises:
        UsageError: it is no number.
    """
    options = {**config.defaults, **job.options}
    value = options.get("max_requeues", _MAX_REQUEUES)
    if not value.isdecimal():
        msg = f"max_requeues is {value}; give the most times that a job is queued again, as 20"
        raise UsageError(msg)
    return int(value)


def batch_script(job: JobCommand, max_requeues: int) -> str:
    """Bash script of one job of the array; it appends, so that a requeued job keeps its log.

    A command that leaves with 75 (it has saved), dies of SIGUSR1 (Slurm's warning before the time
    limit) or fails while a node of several does not answer is put back in the queue: every stage
    goes on where it was. No status is written then, so slurm.pl waits on. A job whose time limit
    is too short for a single part of the work would come back for ever: it fails in the end.
    """
    index = "${SLURM_ARRAY_TASK_ID}"
    line = job.shell_line(index)
    several = int(job.options.get("num_nodes", 1)) > 1
    # The first node is the one where this script runs; its name in the list need not resolve.
    address = 'export MASTER_ADDR="${MASTER_ADDR:-$(hostname)}"\n' if several else ""
    # Processes notice a lost node at once, Slurm only minutes later: ask the nodes themselves.
    probe = _PROBE if several else ""
    job_id = f"${{SLURM_ARRAY_JOB_ID}}_{index}" if job.variable else "${SLURM_JOB_ID}"
    return f"""#!/usr/bin/env bash
cd {shlex.quote(str(Path.cwd()))} || exit 1
[ -e ./path.sh ] && . ./path.sh
export log="{job.log_path(index)}"
export AV_PROGRESS_FILE="$log.progress"
export SRUN_CPUS_PER_TASK="${{SLURM_CPUS_PER_TASK:-1}}"
{address}started=$(date +%s)
rm -f "$log.again"
{{ echo "# Running on ${{SLURM_JOB_NODELIST:-$(hostname)}}, job {job_id}," \
    "start ${{SLURM_RESTART_COUNT:-0}}"
  echo "# Started at $(date)"
  echo {_expandable("# " + line) if job.variable else shlex.quote("# " + line)}
}} >>"$log"
# Slurm warns only what srun has started. One process that fails ends the others.
srun --export=ALL --kill-on-bad-exit=1 bash -c {shlex.quote(_TASK)} \
  bash {_expandable(line) if job.variable else shlex.quote(line)} >>"$log" 2>&1
status=$?
{probe}if [ "$status" -eq 0 ] && [ -e "$log.again" ]; then
  rm -f "$log.again"
  status={_SAVED}
  if [ "${{SLURM_RESTART_COUNT:-0}}" -ge {max_requeues} ]; then
    echo {shlex.quote(_too_often(max_requeues))} >>"$log"
  else
    echo "# Stopped at $(date), can go on; queued again" >>"$log"
    scontrol requeue "{job_id}" 2>>"$log" && exit 0
  fi
fi
{{ echo "# Accounting: time=$(( $(date +%s) - started )) threads=1"
  echo "# Finished at $(date) with status $status"
}} >>"$log"
exit $status
"""


def _too_often(max_requeues: int) -> str:
    """Last line of the log of a job that is not queued again; slurm.pl shows it."""
    return (
        f"slurm.pl: this job was queued again {max_requeues} times and is not done. Where the log "
        "shows no progress, no part of the work fits into the time limit: give it more --time. "
        "Where it does, run again (what is finished is kept), or raise max_requeues in slurm.conf."
    )


def _expandable(line: str) -> str:
    """Quote for bash so that only the array index expands."""
    index = "${SLURM_ARRAY_TASK_ID}"
    return f'"{index}"'.join(shlex.quote(part) if part else "" for part in line.split(index))
