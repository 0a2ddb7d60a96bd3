"""A real Slurm on this machine: one controller and two nodes of one CPU, in a folder of its own.

`python test/slurm_cluster.py <command> [<argument>...]` runs a command with that cluster and
stops it after. Needs Debian's packages slurmctld, slurmd, slurm-client and munge
(tools/install_slurm.sh); any user may start one, and several can run at a time.
"""

from __future__ import annotations

import getpass
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import TracebackType

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel")
NODES = ("node1", "node2")
_START_SEC = 60.0
_STOP_SEC = 10.0
_SETTLE_SEC = 2.0

# Times are short, so that a lost node, a requeue and a throttled array take seconds, not minutes.
# task/none and proctrack/linuxproc: no control groups, which containers seldom have.
CONFIG = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={root}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool.%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/slurmctld.log
SlurmdLogFile={root}/slurmd.%n.log
SlurmctldTimeout=30
SlurmdTimeout=6
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
OverTimeLimit=0
CompleteWait=0
MinJobAge=60
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def missing_programs() -> list[str]:
    """Programs of the packages that are not installed."""
    return [name for name in PROGRAMS if find(name) is None]


def find(program: str) -> str | None:
    """Path of a program; daemons lie where ordinary users' PATH does not lead."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


class SlurmCluster:
    """Controller and nodes; a context manager that starts them and leaves nothing behind."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}
        ports = _free_ports(1 + len(NODES))
        nodes = [
            f"NodeName={name} NodeHostname=localhost NodeAddr=127.0.0.1 Port={port} "
            "CPUs=1 RealMemory=65536"
            for name, port in zip(NODES, ports[1:], strict=True)
        ]
        self._config = CONFIG.format(
            root=root, user=getpass.getuser(), controller_port=ports[0], nodes="\n".join(nodes)
        )

    @property
    def env(self) -> dict[str, str]:
        """Environment in which sbatch and the other commands find this cluster."""
        outside = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH"))}
        return {**outside, "SLURM_CONF": str(self.root / "slurm.conf")}

    def __enter__(self) -> SlurmCluster:
        self.root.mkdir(parents=True, exist_ok=True)
        (self.root / "state").mkdir(exist_ok=True)
        (self.root / "slurm.conf").write_text(self._config, encoding="utf-8")
        try:
            self._start_munge()
            self._start("slurmctld", "slurmctld", "-D", "-i")
            for name in NODES:
                self.start_node(name)
            self.wait_until_idle()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start_node(self, name: str) -> None:
        """Start the daemon of a node."""
        (self.root / f"spool.{name}").mkdir(exist_ok=True)
        # The processes that watch over a job's steps inherit this; those steps have it from Slurm.
        self._start(name, "slurmd", "-D", "-N", name, SLURMD_NODENAME=name)

    def kill_node(self, name: str) -> None:
        """Let a node vanish: its daemon and all processes of its jobs die at once."""
        self._daemons.pop(name)
        mark = f"SLURMD_NODENAME={name}".encode()
        pids = [pid for pid in self._processes() if mark in _environ(pid)]
        # All are silenced first, or the survivors would still tell the controller.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                _kill(pid, number)

    def revive_node(self, name: str) -> None:
        """Wait until the controller has given up a killed node, then bring it back.

        Meanwhile it takes no jobs, or what is left of the cancelling of the lost job would hit its
        successor, which has the same number.
        """
        self._wait(lambda: "down*" in self.node_states())
        self.command("scontrol", "update", f"NodeName={name}", "State=DRAIN", "Reason=revived")
        self.start_node(name)
        self._wait(lambda: "drain" in self.node_states())
        time.sleep(_SETTLE_SEC)
        self.command("scontrol", "update", f"NodeName={name}", "State=RESUME")

    def wait_until_idle(self) -> None:
        """Wait until every node is up and free.

        Raises:
            RuntimeError: it takes too long; the message has the ends of the logs.
        """
        self._wait(lambda: self.node_states() == ["idle"] * len(NODES))

    def _wait(self, is_reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _START_SEC
        while not is_reached():
            died = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
            if died or time.monotonic() > deadline:
                states = f"{', '.join(died) or 'nothing'} died; nodes: {self.node_states()}"
                msg = f"the cluster is not as expected ({states}):{self.logs()}"
                raise RuntimeError(msg)
            time.sleep(0.1)

    def node_states(self) -> list[str]:
        """State of each node, as sinfo names it; empty while the controller does not answer."""
        shown = self.command("sinfo", "--noheader", "--Node", "--format=%t")
        return shown.stdout.split()

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one of Slurm's commands in this cluster."""
        return subprocess.run(words, env=self.env, capture_output=True, text=True, check=False)

    def logs(self) -> str:
        """Last lines of every daemon's log."""
        parts = []
        for path in sorted(self.root.glob("*.log")):
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
            parts.append("\n".join(["", f"{path.name}:", *lines]))
        return "\n".join(parts)

    def stop(self) -> None:
        """Cancel all jobs, end the daemons, and whatever process of a job is still there."""
        if "slurmctld" in self._daemons:
            self.command("scancel", "--user", getpass.getuser())
        munged = self._daemons.pop("munged", None)  # the others take leave through it
        _end(self._daemons.values())
        _end([munged] if munged else [])
        self._daemons.clear()
        for pid in self._processes():
            _kill(pid)

    def _start_munge(self) -> None:
        key = self.root / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        words = ["--foreground", "--force"]
        for option in ("socket", "key-file", "pid-file", "seed-file", "log-file"):
            name = {"log": "munged.log"}.get(option.split("-")[0])
            name = name or f"munge.{option.removesuffix('-file')}"
            words.append(f"--{option}={self.root / name}")
        self._start("munged", "munged", *words)
        deadline = time.monotonic() + _START_SEC
        while not (self.root / "munge.socket").exists():
            if self._daemons["munged"].poll() is not None or time.monotonic() > deadline:
                msg = f"munged does not start:{self.logs()}"
                raise RuntimeError(msg)
            time.sleep(0.05)

    def _start(self, name: str, program: str, *arguments: str, **env: str) -> None:
        with (self.root / f"{name}.out.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [str(find(program)), *arguments],
                env={**self.env, **env},
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _processes(self) -> list[int]:
        """Processes that were started with this cluster's configuration, but for this one."""
        mark = f"SLURM_CONF={self.root / 'slurm.conf'}".encode()
        pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
        own = {os.getpid(), os.getppid()}
        return [pid for pid in pids if pid not in own and mark in _environ(pid)]


def _end(daemons: Collection[subprocess.Popen[bytes]]) -> None:
    for daemon in daemons:
        daemon.terminate()
    for daemon in daemons:
        try:
            daemon.wait(_STOP_SEC)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()


def _environ(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # ended meanwhile, or somebody else's
        return []


def _kill(pid: int, number: int = signal.SIGKILL) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main(command: Sequence[str]) -> int:
    """Run a command with a cluster; returns its exit status."""
    missing = missing_programs()
    if missing or not command:
        print(f"{__doc__}\nmissing: {' '.join(missing) or 'nothing'}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="slurm") as folder, SlurmCluster(Path(folder)) as slurm:
        return subprocess.run(command, env=slurm.env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
